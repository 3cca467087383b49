import { Anchor, Box, Button, Grid, Group, SimpleGrid, Stack, Table, Text } from "@mantine/core";
import { IconRocket } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { Stats } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { useFeed, useLive, useSampler } from "../../live/LiveContext.ts";
import { useSession } from "../../session/SessionContext.ts";
import { TypeName } from "../../ui/badges.tsx";
import { Code } from "../../ui/Copy.tsx";
import { Failure } from "../../ui/Failure.tsx";
import { Moment } from "../../ui/Moment.tsx";
import { Panel, Section } from "../../ui/Section.tsx";
import { LoadingLines, Nothing } from "../../ui/States.tsx";
import { Figures } from "./Figures.tsx";
import { LastErrors } from "./LastErrors.tsx";
import { Rates } from "./Rates.tsx";

export function Overview() {
  const { t } = useTranslation();
  const { time } = useFormats();
  const { sampler } = useLive();
  const { stats, error, readAt } = useSampler();

  return (
    <Section title={t("overview.title")} intro={t("overview.intro")}>
      {stats === null ? (
        <Panel padded={false}>
          {error === null ? <LoadingLines /> : <Failure error={error} onRetry={sampler.retry} />}
        </Panel>
      ) : (
        <>
          {error === null || readAt === null ? null : (
            <Text size="sm" c="orange" className="warned">
              {t("states.stale", { time: time(readAt) })}
            </Text>
          )}
          <Figures stats={stats} />
          {stats.head.seq === 0 ? <FirstSteps /> : null}
          <Rates />
          <Grid gap="md" align="stretch">
            <Grid.Col span={{ base: 12, md: 6 }}>
              <ByRole stats={stats} />
            </Grid.Col>
            <Grid.Col span={{ base: 12, md: 6 }}>
              <Latest />
            </Grid.Col>
            <Grid.Col span={{ base: 12, md: 6 }}>
              <Server stats={stats} />
            </Grid.Col>
            <Grid.Col span={{ base: 12, md: 6 }}>
              <LastErrors />
            </Grid.Col>
          </Grid>
        </>
      )}
    </Section>
  );
}

function FirstSteps() {
  const { t } = useTranslation();
  const session = useSession();
  const key = session.development ? "" : ` -H 'Authorization: Bearer ${t("send.codeKey")}'`;
  const line = `curl -X POST ${window.location.origin}/notify${key} -d '{"type":"test","message":"Hola mundo","data":{}}'`;
  return (
    <Panel>
      <Nothing title={t("overview.empty")} text={t("overview.emptyText")} icon={<IconRocket aria-hidden />}>
        <Button component={Link} href="/enviar">
          {t("overview.emptyAction")}
        </Button>
      </Nothing>
      <Code text={line} label="curl" />
    </Panel>
  );
}

function ByRole({ stats }: { stats: Stats }) {
  const { t } = useTranslation();
  const { whole } = useFormats();
  const roles = Object.entries(stats.connections.by_role);
  const most = Math.max(1, ...roles.map(([, count]) => count));
  return (
    <Panel title={t("overview.byRole")}>
      <Table aria-label={t("overview.roleTable")} verticalSpacing="xs" horizontalSpacing={0} withRowBorders={false}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("common.role")}</Table.Th>
            <Table.Th ta="end">{t("overview.connections")}</Table.Th>
            <Table.Th ta="end">{t("common.users")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {roles.map(([role, count]) => (
            <Table.Tr key={role}>
              <Table.Td>
                <Text size="sm">{role === "none" ? t("overview.noRole") : role}</Text>
                <Box className="gauge" aria-hidden>
                  <Box className="gauge-fill" style={{ width: `${(count / most) * 100}%` }} />
                </Box>
              </Table.Td>
              <Table.Td ta="end" className="numbers">
                {whole(count)}
              </Table.Td>
              <Table.Td ta="end" className="numbers">
                {whole(stats.users.by_role[role] ?? 0)}
              </Table.Td>
            </Table.Tr>
          ))}
          {roles.length === 0 ? (
            <Table.Tr>
              <Table.Td colSpan={3}>{t("common.nobody")}</Table.Td>
            </Table.Tr>
          ) : null}
        </Table.Tbody>
      </Table>
    </Panel>
  );
}

function Latest() {
  const { t } = useTranslation();
  const { records } = useFeed();
  const latest = records.slice(-6).reverse();
  return (
    <Panel
      title={t("overview.latest")}
      aside={
        <Anchor component={Link} href="/en-vivo" size="sm">
          {t("overview.seeLive")}
        </Anchor>
      }
    >
      {latest.length === 0 ? <Text c="dimmed">{t("live.emptyText")}</Text> : null}
      <Stack gap={8} component="ul" style={{ listStyle: "none", margin: 0, padding: 0 }}>
        {latest.map((record) => (
          <li key={record.id}>
            <Group gap="sm" wrap="nowrap" align="baseline">
              <Text size="sm" c="dimmed" style={{ flex: "none" }}>
                <Moment at={record.timestamp} />
              </Text>
              <Box miw={0} style={{ flex: "0 1 auto" }}>
                <TypeName type={record.type} />
              </Box>
              <Text size="sm" className="cut" style={{ flex: 1 }} title={record.message}>
                {record.message}
              </Text>
            </Group>
          </li>
        ))}
      </Stack>
    </Panel>
  );
}

function Server({ stats }: { stats: Stats }) {
  const { t } = useTranslation();
  const { whole, duration, bytes } = useFormats();
  const rows: [string, string][] = [
    [t("overview.uptime"), stats.draining ? t("overview.draining") : duration(stats.uptime)],
    [t("overview.stored"), whole(stats.head.seq)],
    [t("overview.accepted"), whole(stats.publishes.accepted)],
    [t("overview.duplicates"), whole(stats.publishes.duplicates)],
    [t("overview.deliveries"), whole(stats.deliveries)],
    [t("overview.refused"), whole(stats.refused)],
    [t("overview.queued"), bytes(stats.queued_bytes)],
  ];
  return (
    <Panel title={t("overview.node")}>
      <SimpleGrid component="dl" cols={{ base: 2, xs: 3 }} m={0}>
        {rows.map(([name, value]) => (
          <Box key={name}>
            <Text component="dt" size="sm" c="dimmed">
              {name}
            </Text>
            <Text component="dd" m={0} fw={600} className="numbers">
              {value}
            </Text>
          </Box>
        ))}
      </SimpleGrid>
    </Panel>
  );
}
