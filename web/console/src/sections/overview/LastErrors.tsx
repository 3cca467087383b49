import { Group, ScrollArea, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useGet } from "../../api/queries.ts";
import type { ServerError, ServerErrors } from "../../api/records.ts";
import { Failure } from "../../ui/Failure.tsx";
import { Moment } from "../../ui/Moment.tsx";
import { Panel } from "../../ui/Section.tsx";
import { LoadingLines } from "../../ui/States.tsx";

export function LastErrors() {
  const { t } = useTranslation();
  const { data, error, refetch } = useGet<ServerErrors>("/v1/errors", { limit: 50 }, { refetchInterval: 5_000 });
  return (
    <Panel title={t("overview.errors")} padded={data !== undefined}>
      {data === undefined ? (
        error === null ? (
          <LoadingLines lines={3} />
        ) : (
          <Failure error={error} onRetry={() => void refetch()} />
        )
      ) : (
        <List items={data.items} />
      )}
    </Panel>
  );
}

function List({ items }: { items: ServerError[] }) {
  const { t } = useTranslation();
  if (items.length === 0) return <Text c="dimmed">{t("overview.errorsNone")}</Text>;
  return (
    <ScrollArea.Autosize mah={220} viewportProps={{ tabIndex: 0, "aria-label": t("overview.errors"), role: "region" }}>
      <Stack gap={8} component="ul" style={{ listStyle: "none", margin: 0, padding: 0 }}>
        {items.map((item, index) => (
          <li key={`${item.request_id ?? ""}${index}`}>
            <Group gap="sm" wrap="nowrap" align="baseline">
              <Text size="sm" c="dimmed" style={{ flex: "none" }}>
                <Moment at={item.at} />
              </Text>
              <Text size="sm" className="mono" fw={600} style={{ flex: "none" }}>
                {item.code}
              </Text>
              <Text size="sm" className="cut" title={item.detail}>
                {item.detail}
              </Text>
            </Group>
          </li>
        ))}
      </Stack>
    </ScrollArea.Autosize>
  );
}
