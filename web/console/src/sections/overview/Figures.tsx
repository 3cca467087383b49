import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { Stats } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { useSampler } from "../../live/LiveContext.ts";
import { meanOf, type RatePoint } from "../../live/sampler.ts";
import { Sparkline } from "../../ui/Sparkline.tsx";

/** Seconds that a rate is the mean of: the last second alone jumps from 0 to 5 and back. */
const CALM = 10;

/** Points of a line in a figure, and the seconds that each is of. */
const POINTS = 40;
const STEP = 3;

/** The figures one looks at first; each leads to where they are made of. */
export function Figures({ stats, isStale }: { stats: Stats; isStale: boolean }) {
  const { t } = useTranslation();
  const { whole, decimal } = useFormats();
  const { points } = useSampler();
  const latency = stats.latency_ms;
  const polling = Object.entries(stats.connections.by_transport).reduce(
    (sum, [name, count]) => sum + (name.endsWith("polling") ? count : 0),
    0,
  );
  return (
    <ul className="panel figures" data-stale={isStale}>
      <Figure
        href="/usuarios"
        label={t("overview.connections")}
        value={whole(stats.connections.total)}
        hint={t("overview.connectionsHint", { polling: whole(polling) })}
        line={course(points, (point) => point.connections)}
      />
      <Figure
        href="/usuarios"
        label={t("overview.users")}
        value={whole(stats.users.total)}
        hint={t("overview.usersHint", { count: roles(stats), formatted: whole(roles(stats)) })}
        line={course(points, (point) => point.users)}
      />
      <Figure
        href="/en-vivo"
        label={t("overview.received")}
        value={decimal(meanOf(points, "in", CALM) ?? 0)}
        hint={t("overview.total", { count: stats.publishes.accepted, formatted: whole(stats.publishes.accepted) })}
        line={course(points, (point) => point.in)}
      />
      <Figure
        href="/historial"
        label={t("overview.delivered")}
        value={decimal(meanOf(points, "out", CALM) ?? 0)}
        hint={t("overview.total", { count: stats.deliveries, formatted: whole(stats.deliveries) })}
        line={course(points, (point) => point.out)}
        color="--console-out"
      />
      <Figure
        href="/simulador"
        label={t("overview.latency")}
        value={latency === null ? "–" : `${decimal(latency.p50)} ms`}
        hint={latency === null ? t("overview.latencyIdle") : `p95 ${decimal(latency.p95)} ms`}
        line={course(points, (point) => point.p50)}
      />
    </ul>
  );
}

function roles(stats: Stats): number {
  return Object.keys(stats.users.by_role).filter((role) => role !== "none").length;
}

/** The mean of every few seconds: of some hundred points in a line as wide as a thumb none would be seen. */
function course(points: readonly RatePoint[], of: (point: RatePoint) => number | null): (number | null)[] {
  const end = points.at(-1)?.at ?? 0;
  return Array.from({ length: POINTS }, (_, index) => {
    const until = end - (POINTS - 1 - index) * STEP;
    const values = points.filter(({ at }) => at > until - STEP && at <= until).map(of);
    const known = values.filter((value) => value !== null);
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
  });
}

interface FigureProps {
  href: string;
  label: string;
  value: string;
  hint: string;
  line: (number | null)[];
  color?: string;
}

function Figure({ href, label, value, hint, line, color = "--console-in" }: FigureProps) {
  return (
    <li>
      <Link href={href} className="figure">
        <Text span size="sm" c="dimmed" className="figure-label">
          {label}
        </Text>
        <span className="figure-value numbers">{value}</span>
        <Sparkline values={line} color={color} />
        <Text span size="xs" c="dimmed" className="numbers">
          {hint}
        </Text>
      </Link>
    </li>
  );
}
