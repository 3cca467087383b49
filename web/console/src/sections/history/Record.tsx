import { Anchor, Box, Grid, Group, Progress, Stack, Table, Text } from "@mantine/core";
import { IconArrowLeft, IconCheck, IconMinus } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { ApiError } from "../../api/client.ts";
import { useGet } from "../../api/queries.ts";
import type { Receipts, RecordWithReceipts } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { Failure } from "../../ui/Failure.tsx";
import { Pager } from "../../ui/Pager.tsx";
import { RecordFields } from "../../ui/RecordFields.tsx";
import { Panel, Section } from "../../ui/Section.tsx";
import { LoadingLines, Nothing } from "../../ui/States.tsx";
import { RecordActions } from "../live/RecordDrawer.tsx";

const REFRESH = 2_000;
const USERS = 50;
const STEPS = ["sent", "acknowledged", "seen", "read"] as const;

/** One notification, and how far it came; the receipts are read again and again. */
export function Record({ id }: { id: string }) {
  const { t } = useTranslation();
  const [after, setAfter] = useState<string | null>(null);
  const { data, error, refetch } = useGet<RecordWithReceipts>(
    `/v1/notifications/${encodeURIComponent(id)}`,
    { limit: USERS, after },
    { refetchInterval: REFRESH, keep: true },
  );
  const next = data?.receipts.next_after ?? null;
  const isMissing = error instanceof ApiError && error.status === 404;
  return (
    <Section
      title={t("history.detail")}
      actions={
        <Anchor component={Link} href="/historial" size="sm">
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
      ) : (
        <Grid gap="md">
          <Grid.Col span={{ base: 12, md: 6 }}>
            <Panel title={data.type}>
              <RecordFields record={data} />
              <RecordActions record={data} />
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
            </Panel>
          </Grid.Col>
        </Grid>
      )}
    </Section>
  );
}

function Sums({ receipts }: { receipts: Receipts }) {
  const { t } = useTranslation();
  const { whole } = useFormats();
  const { targeted } = receipts;
  return (
    <Stack gap="sm" mb="md">
      <Group justify="space-between">
        <Text>{t("history.targeted")}</Text>
        <Text fw={650} className="numbers" data-testid="targeted">
          {whole(targeted)}
        </Text>
      </Group>
      {STEPS.map((step) => (
        <Box key={step}>
          <Group justify="space-between" mb={4}>
            <Text size="sm">{t(`history.${step}`)}</Text>
            <Text size="sm" className="numbers" data-testid={step}>
              {whole(receipts[step])}
            </Text>
          </Group>
          <Progress value={targeted === 0 ? 0 : (receipts[step] / targeted) * 100} aria-label={t(`history.${step}`)} />
        </Box>
      ))}
    </Stack>
  );
}

function ByUser({ receipts }: { receipts: Receipts }) {
  const { t } = useTranslation();
  if (receipts.users.length === 0) return <Text c="dimmed">{t("history.receiptsEmpty")}</Text>;
  return (
    <Table.ScrollContainer
      minWidth={420}
      scrollAreaProps={{ viewportProps: { tabIndex: 0, role: "region", "aria-label": t("history.receiptsTable") } }}
    >
      <Table aria-label={t("history.receiptsTable")} verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("common.user")}</Table.Th>
            {STEPS.map((step) => (
              <Table.Th key={step}>{t(`history.${step}`)}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {receipts.users.map((one) => (
            <Table.Tr key={one.user}>
              <Table.Td>
                <Anchor component={Link} href={`/usuarios/${encodeURIComponent(one.user)}`} size="sm">
                  {one.user}
                </Anchor>
              </Table.Td>
              {STEPS.map((step) => (
                <Table.Td key={step}>
                  <Mark isDone={one[step]} />
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Mark({ isDone }: { isDone: boolean }) {
  const { t } = useTranslation();
  return (
    <Group gap={4} wrap="nowrap" className={isDone ? "" : "faint"}>
      {isDone ? <IconCheck size={16} aria-hidden className="done" /> : <IconMinus size={16} aria-hidden />}
      <Text size="sm" component="span">
        {t(isDone ? "history.yes" : "history.no")}
      </Text>
    </Group>
  );
}
