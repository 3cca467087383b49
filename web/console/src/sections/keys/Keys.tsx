import { SimpleGrid, Text } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useGet } from "../../api/queries.ts";
import type { KeysReply } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { useSession } from "../../session/SessionContext.ts";
import { Callout } from "../../ui/Callout.tsx";
import { Code } from "../../ui/Copy.tsx";
import { Failure } from "../../ui/Failure.tsx";
import { Panel, Section } from "../../ui/Section.tsx";
import { LoadingLines, Nothing } from "../../ui/States.tsx";
import { KeyPanel } from "./KeyPanel.tsx";

const REFRESH_MS = 5_000;

const COMMAND = "sio-server keys add reservas --types 'reserva_*' --roles admin --users";

/** The publisher keys: what each allows, and when it was used. They are made on the server's own machine. */
export default function Keys() {
  const { t } = useTranslation();
  const { whole } = useFormats();
  const { development } = useSession();
  const { data, error, refetch } = useGet<KeysReply>("/v1/keys", {}, { refetchInterval: REFRESH_MS });
  const keys = data?.items ?? [];
  return (
    <Section title={t("keys.title")} intro={t("keys.intro")}>
      {development ? <Callout tone="orange">{t("keys.development")}</Callout> : null}
      <Text size="sm" c="dimmed" role="status">
        {data === undefined ? "" : t("keys.count", { count: keys.length, formatted: whole(keys.length) })}
      </Text>
      {data === undefined ? (
        <Panel padded={false}>
          {error === null ? <LoadingLines lines={6} /> : <Failure error={error} onRetry={() => void refetch()} />}
        </Panel>
      ) : (
        <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="md">
          {keys.map((one) => (
            <KeyPanel key={one.publisher} shown={one} />
          ))}
        </SimpleGrid>
      )}
      {data === undefined || keys.some(({ kind }) => kind === "stored") ? null : (
        <Panel>
          <Nothing title={t("keys.empty")} text={t("keys.emptyText")} icon={<IconKey aria-hidden />} />
          <Code text={COMMAND} label={t("keys.command")} />
        </Panel>
      )}
    </Section>
  );
}
