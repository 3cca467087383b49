import { Group, ScrollArea, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ApiError, type Api } from "../../api/client.ts";
import type { ServerError } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { useSession } from "../../session/SessionContext.ts";
import { Failure } from "../../ui/Failure.tsx";
import { Moment } from "../../ui/Moment.tsx";
import { Panel } from "../../ui/Section.tsx";
import { LoadingLines } from "../../ui/States.tsx";

type Errors = { by: "time"; items: ServerError[] } | { by: "code"; counts: [string, number][] };

export function LastErrors() {
  const { t } = useTranslation();
  const { api } = useSession();
  const { data, error, refetch } = useQuery({
    queryKey: ["errors"],
    queryFn: ({ signal }) => readErrors(api, signal),
    refetchInterval: 5_000,
  });
  return (
    <Panel title={t("overview.errors")} padded={data !== undefined}>
      {data === undefined ? (
        error === null ? (
          <LoadingLines lines={3} />
        ) : (
          <Failure error={error} onRetry={() => void refetch()} />
        )
      ) : (
        <List errors={data} />
      )}
    </Panel>
  );
}

function List({ errors }: { errors: Errors }) {
  const { t } = useTranslation();
  const { whole } = useFormats();
  const count = errors.by === "time" ? errors.items.length : errors.counts.length;
  if (count === 0) return <Text c="dimmed">{t("overview.errorsNone")}</Text>;
  if (errors.by === "code") {
    return (
      <Stack gap={6}>
        <Text size="sm" c="dimmed">
          {t("overview.errorsCount")}
        </Text>
        {errors.counts.map(([code, times]) => (
          <Group key={code} justify="space-between">
            <Text size="sm" className="mono">
              {code}
            </Text>
            <Text size="sm" className="numbers">
              {whole(times)}
            </Text>
          </Group>
        ))}
      </Stack>
    );
  }
  return (
    <ScrollArea.Autosize mah={220} viewportProps={{ tabIndex: 0, "aria-label": t("overview.errors"), role: "region" }}>
      <Stack gap={8} component="ul" style={{ listStyle: "none", margin: 0, padding: 0 }}>
        {errors.items.map((item, index) => (
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

async function readErrors(api: Api, signal: AbortSignal): Promise<Errors> {
  try {
    const reply = await api.get<{ items: ServerError[] }>("/v1/errors", { limit: 50 }, signal);
    return { by: "time", items: reply.items };
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
  }
  return { by: "code", counts: refusalsOf(await api.text("/metrics", signal)) };
}

/** Refusals by code out of the text for Prometheus, most frequent first. */
function refusalsOf(metrics: string): [string, number][] {
  const found = metrics.matchAll(/^sio_server_refusals_total\{code="([a-z_]+)"\} ([0-9.e+]+)$/gm);
  return [...found]
    .map(([, code, count]): [string, number] => [code ?? "", Number(count)])
    .sort(([, one], [, other]) => other - one);
}
