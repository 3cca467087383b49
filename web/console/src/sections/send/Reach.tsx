import { Group, Text } from "@mantine/core";
import { IconUsersGroup } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { AudiencePreview } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { Reason } from "../../ui/Failure.tsx";
import { Who } from "./Who.tsx";
import "./reach.css";

interface ReachProps {
  preview: AudiencePreview | undefined;
  error: Error | null;
}

/** How many people the draft would reach, in a line beside the button that sends it. */
export function Reach({ preview, error }: ReachProps) {
  const { t } = useTranslation();
  const { list } = useFormats();
  const isShort = preview !== undefined && (preview.missing.length > 0 || preview.users === 0);
  return (
    <div className="reach" data-short={isShort && error === null}>
      <Group gap="sm" wrap="nowrap" align="flex-start" role="status">
        <IconUsersGroup size={20} stroke={1.7} aria-hidden className="figure-icon" />
        <Text size="sm" component="div">
          {error !== null ? (
            <Reason error={error} />
          ) : preview === undefined ? (
            t("send.counting")
          ) : (
            <Counts {...preview} />
          )}
          {error === null && preview !== undefined && preview.missing.length > 0 ? (
            <div>{t("send.missing", { fields: list(preview.missing) })}</div>
          ) : null}
        </Text>
      </Group>
      {error === null && preview !== undefined ? <Who preview={preview} /> : null}
    </div>
  );
}

function Counts({ users, online }: AudiencePreview) {
  const { t } = useTranslation();
  const { whole } = useFormats();
  return (
    <>
      <strong data-testid="reach">
        {users === 0 && online.sockets === 0
          ? t("send.reachesNobody")
          : t("send.reaches", { count: users, formatted: whole(users) })}
      </strong>
      {` · ${t("send.online", { count: online.users, formatted: whole(online.users) })} · `}
      {t("send.sockets", { count: online.sockets, formatted: whole(online.sockets) })}
    </>
  );
}
