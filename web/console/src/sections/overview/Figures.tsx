import { Box, Group, SimpleGrid, Text } from "@mantine/core";
import {
  IconArrowDownLeft,
  IconArrowUpRight,
  IconPlugConnected,
  IconStopwatch,
  IconUsers,
  type Icon,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Stats } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { useSampler } from "../../live/LiveContext.ts";

/** The figures one looks at first. */
export function Figures({ stats }: { stats: Stats }) {
  const { t } = useTranslation();
  const { whole, decimal } = useFormats();
  const { points } = useSampler();
  const latency = stats.latency_ms;
  const now = points.at(-1);
  const polling = Object.entries(stats.connections.by_transport).reduce(
    (sum, [name, count]) => sum + (name.endsWith("polling") ? count : 0),
    0,
  );
  return (
    <SimpleGrid cols={{ base: 2, md: 5 }} spacing={{ base: "xs", sm: "md" }}>
      <Figure
        icon={IconPlugConnected}
        label={t("overview.connections")}
        value={whole(stats.connections.total)}
        hint={t("overview.connectionsHint", { polling: whole(polling) })}
      />
      <Figure icon={IconUsers} label={t("overview.users")} value={whole(stats.users.total)} />
      <Figure
        icon={IconArrowDownLeft}
        label={t("overview.received")}
        value={decimal(now?.in ?? 0)}
        hint={t("overview.total", { count: stats.publishes.accepted, formatted: whole(stats.publishes.accepted) })}
      />
      <Figure
        icon={IconArrowUpRight}
        label={t("overview.delivered")}
        value={decimal(now?.out ?? 0)}
        hint={t("overview.total", { count: stats.deliveries, formatted: whole(stats.deliveries) })}
      />
      <Figure
        icon={IconStopwatch}
        label={t("overview.latency")}
        value={latency === null ? "–" : `${decimal(latency.p50)} ms`}
        hint={latency === null ? "" : `p95 ${decimal(latency.p95)} ms`}
      />
    </SimpleGrid>
  );
}

interface FigureProps {
  icon: Icon;
  label: string;
  value: string;
  hint?: string;
}

function Figure({ icon: Icon, label, value, hint }: FigureProps) {
  return (
    <Box className="panel figure" component="section" aria-label={label} p={{ base: "sm", sm: "md" }}>
      <Group gap={8} wrap="nowrap" align="flex-start" mb={4} mih={36}>
        <Icon size={18} stroke={1.8} aria-hidden className="figure-icon" />
        <Text size="sm" c="dimmed" lh={1.25}>
          {label}
        </Text>
      </Group>
      <Text className="numbers" fz={{ base: 24, sm: 30 }} fw={680} lh={1.2}>
        {value}
      </Text>
      <Text size="xs" c="dimmed" className="numbers" mih={18}>
        {hint ?? ""}
      </Text>
    </Box>
  );
}
