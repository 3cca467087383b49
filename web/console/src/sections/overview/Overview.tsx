import { Anchor, Box, Table, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { NotificationRecord, Stats } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { useFeed, useLive, useSampler } from "../../live/LiveContext.ts";
import { withFields } from "../../shell/address.ts";
import { TypeName } from "../../ui/badges.tsx";
import { Failure } from "../../ui/Failure.tsx";
import { Moment } from "../../ui/Moment.tsx";
import { Panel, Section } from "../../ui/Section.tsx";
import { LoadingLines } from "../../ui/States.tsx";
import { visibleText } from "../../ui/visibleText.ts";
import { Figures } from "./Figures.tsx";
import { Guide } from "./Guide.tsx";
import { useGuide } from "./useGuide.ts";
import { HealthLine } from "./HealthLine.tsx";
import { LastErrors } from "./LastErrors.tsx";
import { Nodes } from "./Nodes.tsx";
import { Rates } from "./Rates.tsx";
import "./overview.css";

export function Overview() {
  const { t } = useTranslation();
  const { sampler } = useLive();
  const { stats, error } = useSampler();
  const guide = useGuide(stats);

  return (
    <Section title={t("overview.title")} intro={t("overview.intro")}>
      {stats === null ? (
        <Panel padded={false}>
          {error === null ? <LoadingLines /> : <Failure error={error} onRetry={sampler.retry} />}
        </Panel>
      ) : (
        <>
          {stats.head.seq === 0 && error === null ? null : <HealthLine stats={stats} />}
          {guide.isOpen ? <Guide stats={stats} onClose={guide.close} /> : null}
          {stats.head.seq === 0 ? null : <Numbers stats={stats} isStale={error !== null} />}
          <Nodes />
          <Server stats={stats} />
        </>
      )}
    </Section>
  );
}

function Numbers({ stats, isStale }: { stats: Stats; isStale: boolean }) {
  return (
    <>
      <Figures stats={stats} isStale={isStale} />
      <Rates />
      <div className="overview-columns">
        <Latest />
        <ByRole stats={stats} />
      </div>
      <LastErrors />
    </>
  );
}

function ByRole({ stats }: { stats: Stats }) {
  const { t } = useTranslation();
  const { whole } = useFormats();
  const roles = Object.entries(stats.connections.by_role);
  const most = Math.max(1, ...roles.map(([, count]) => count));
  return (
    <Panel title={t("overview.byRole")}>
      <Table aria-label={t("overview.roleTable")} verticalSpacing={6} horizontalSpacing={0} withRowBorders={false}>
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
                {role === "none" ? (
                  <Text size="sm">{t("overview.noRole")}</Text>
                ) : (
                  <Anchor component={Link} href={withFields("/usuarios", { rol: role })} size="sm">
                    {visibleText(role)}
                  </Anchor>
                )}
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
  const latest = records.slice(-7).reverse();
  return (
    <Panel
      title={t("overview.latest")}
      padded={latest.length === 0}
      aside={
        <Anchor component={Link} href="/en-vivo" size="sm">
          {t("overview.seeLive")}
        </Anchor>
      }
    >
      {latest.length === 0 ? <Text c="dimmed">{t("live.emptyText")}</Text> : null}
      <ul className="plain latest">
        {latest.map((record) => (
          <li key={record.id}>
            <Recent record={record} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}

/** What was not stored has no record to go to; the stream has it. */
function Recent({ record }: { record: NotificationRecord }) {
  return (
    <Link href={record.persist === false ? "/en-vivo" : `/historial/${record.id}`} className="latest-row">
      <Text span size="sm" c="dimmed">
        <Moment at={record.timestamp} />
      </Text>
      <TypeName type={record.type} />
      <Text span size="sm" className="cut" dir="auto">
        {visibleText(record.message)}
      </Text>
    </Link>
  );
}

/** What seldom changes, and is asked for now and then. */
function Server({ stats }: { stats: Stats }) {
  const { t } = useTranslation();
  const { whole, duration, bytes } = useFormats();
  const facts: [string, string][] = [
    [t("overview.uptime"), stats.draining ? t("overview.draining") : duration(stats.uptime)],
    [t("overview.stored"), whole(stats.head.seq)],
    [t("overview.duplicates"), whole(stats.publishes.duplicates)],
    [t("overview.refused"), whole(stats.refused)],
    [t("overview.queued"), bytes(stats.queued_bytes)],
    [t("overview.machine"), visibleText(stats.node)],
  ];
  return (
    <section aria-label={t("overview.node")}>
      <dl className="server-line">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt> <dd className="numbers">{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
