import { Anchor, Grid, Group, Text } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { ApiError } from "../../api/client.ts";
import { useGet } from "../../api/queries.ts";
import type { EndedRecord, RecordWithReceipts, WaitingRecord } from "../../api/records.ts";
import { useAddressFields, withFields } from "../../shell/address.ts";
import { Marks } from "../../ui/Extras.tsx";
import { Failure } from "../../ui/Failure.tsx";
import { Pager } from "../../ui/Pager.tsx";
import { RecordFields } from "../../ui/RecordFields.tsx";
import { Panel, Section } from "../../ui/Section.tsx";
import { LoadingLines, Nothing } from "../../ui/States.tsx";
import { Gone } from "../change/Gone.tsx";
import { Past } from "../change/Past.tsx";
import { RecordActions } from "../live/RecordActions.tsx";
import { Trace } from "../trace/Trace.tsx";
import { Planned } from "./Planned.tsx";
import { ByUser, Sums } from "./Receipts.tsx";
import "./history.css";

const REFRESH = 2_000;
const USERS = 50;

/** One notification, and how far it came; the receipts are read again and again. */
export function Record({ id }: { id: string }) {
  const { t } = useTranslation();
  const [fields] = useAddressFields();
  const [after, setAfter] = useState<string | null>(null);
  const { data, error, refetch } = useGet<RecordWithReceipts | WaitingRecord | EndedRecord>(
    `/v1/notifications/${encodeURIComponent(id)}`,
    { limit: USERS, after },
    { refetchInterval: REFRESH, keep: true },
  );
  const next = data === undefined || "due" in data ? null : (data.receipts?.next_after ?? null);
  const isMissing = error instanceof ApiError && error.status === 404;
  return (
    <Section
      title={t("history.detail")}
      actions={
        <Anchor component={Link} href={withFields("/historial", Object.fromEntries(fields))} size="sm">
          <Group gap={6} component="span">
            <IconArrowLeft size={16} aria-hidden />
            {t("history.title")}
          </Group>
        </Anchor>
      }
    >
      {data === undefined ? (
        <Panel padded={false}>
          {error === null ? (
            <LoadingLines lines={8} />
          ) : isMissing ? (
            <Nothing title={t("history.notFound")} text={t("history.notFoundText")} />
          ) : (
            <Failure error={error} onRetry={() => void refetch()} />
          )}
        </Panel>
      ) : "due" in data ? (
        <Planned record={data} />
      ) : (
        <Grid gap="md">
          {data.status === "stored" ? null : (
            <Grid.Col span={12}>
              <Gone record={data} />
            </Grid.Col>
          )}
          <Grid.Col span={{ base: 12, md: 6 }}>
            <Panel
              title={data.type}
              aside={
                <Group gap={6}>
                  <Marks record={{ status: data.status, ...revisionOf(data) }} />
                </Group>
              }
            >
              <div className="record-bar">
                <RecordActions record={data} />
              </div>
              <RecordFields record={data} />
            </Panel>
          </Grid.Col>
          <Grid.Col span={{ base: 12, md: 6 }}>
            <Panel
              title={t("history.receipts")}
              aside={
                <Text size="xs" c="dimmed">
                  {t("history.autoRefresh")}
                </Text>
              }
            >
              {data.receipts === null ? (
                <Text c="dimmed">{t("life.noReceipts")}</Text>
              ) : (
                <>
                  <Sums receipts={data.receipts} />
                  <ByUser receipts={data.receipts} />
                  <Pager
                    mt="sm"
                    isFirst={after === null}
                    isLast={next === null}
                    back={t("history.first")}
                    next={t("history.moreUsers")}
                    onBack={() => {
                      setAfter(null);
                    }}
                    onNext={() => {
                      setAfter(next);
                    }}
                  />
                </>
              )}
            </Panel>
          </Grid.Col>
          <Grid.Col span={12} className="past-place">
            <Past id={data.id} record={data} />
          </Grid.Col>
          <Grid.Col span={12}>
            <Trace id={id} isGone={data.status !== "stored"} />
          </Grid.Col>
        </Grid>
      )}
    </Section>
  );
}

/** How often it was changed, where it was. */
function revisionOf({ revision }: RecordWithReceipts): { revision?: number } {
  return revision === undefined ? {} : { revision };
}
