import { Badge, Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Here as State } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { Moment } from "../../ui/Moment.tsx";

/** Whether somebody is here, since when, and else when that was; null for who was never here. */
export function Here({ here }: { here: State | null }) {
  const { t } = useTranslation();
  const { whole, ago } = useFormats();
  if (here === null) return <Text c="dimmed">{t("users.never")}</Text>;
  const { connections, since, last_seen: seen } = here;
  return (
    <Group gap="xs" data-testid="here" data-here={here.here}>
      <Badge tt="none" className={`status status-${here.here ? "green" : "gray"}`}>
        {t(here.here ? "users.here" : "users.away")}
      </Badge>
      <Text size="sm" component="span">
        {here.here ? (
          <>
            {since === null ? null : (
              <>
                {t("users.hereSince")} <Moment at={since} full="other days" />
                {" · "}
              </>
            )}
            {t("users.connections", { count: connections, formatted: whole(connections) })}
          </>
        ) : seen === null ? (
          t("users.seenNever")
        ) : (
          <>
            {t("users.lastSeen")} <Moment at={seen} full /> ({ago(seen)})
          </>
        )}
      </Text>
    </Group>
  );
}
