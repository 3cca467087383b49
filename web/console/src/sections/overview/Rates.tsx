import { Skeleton, Text, Title } from "@mantine/core";
import { lazy, Suspense, type ComponentProps } from "react";
import { useTranslation } from "react-i18next";
import { useFormats } from "../../i18n/formats.ts";
import { useSampler } from "../../live/LiveContext.ts";
import { SPAN } from "../../live/sampler.ts";

// On its own: the library that draws is a fifth of everything, and the figures can be read without it.
const TimeChart = lazy(() => import("../../ui/TimeChart.tsx"));

// As high as the chart with its legend and its table's name, so that nothing moves when it comes.
const HEIGHT = 262;

type ChartProps = Omit<ComponentProps<typeof TimeChart>, "name">;

/** One wide card: what comes in and goes out, and how long that takes. */
export function Rates() {
  const { t } = useTranslation();
  const { decimal } = useFormats();
  const { stats, points } = useSampler();
  const latency = stats?.latency_ms ?? null;
  const now = points.at(-1);
  const times = points.map((point) => point.at);
  const ms = (value: number) => `${decimal(value)} ms`;
  return (
    <section className="panel rates" aria-label={t("overview.charts")}>
      <Half
        title={t("overview.rates")}
        note={t("overview.window")}
        span={SPAN}
        times={times}
        format={decimal}
        summary={t("overview.ratesSummary", { in: decimal(now?.in ?? 0), out: decimal(now?.out ?? 0) })}
        lines={[
          { label: t("overview.seriesOut"), color: "--console-out", values: points.map((point) => point.out) },
          { label: t("overview.seriesIn"), color: "--console-in", values: points.map((point) => point.in) },
        ]}
      />
      <Half
        title={t("overview.latencyTitle")}
        note={t("overview.latencyExplained")}
        span={SPAN}
        times={times}
        format={ms}
        summary={
          latency === null
            ? t("overview.latencyNone")
            : t("overview.latencySummary", { p50: decimal(latency.p50), p95: decimal(latency.p95) })
        }
        lines={[
          { label: "p95", color: "--console-p95", values: points.map((point) => point.p95) },
          { label: t("overview.median"), color: "--console-p50", values: points.map((point) => point.p50) },
        ]}
      />
    </section>
  );
}

function Half({ title, note, ...chart }: ChartProps & { title: string; note: string }) {
  return (
    <div className="rates-half">
      <Title order={2}>{title}</Title>
      <Text size="xs" c="dimmed" mb="sm">
        {note}
      </Text>
      <Suspense fallback={<Skeleton h={HEIGHT} animate={false} />}>
        <TimeChart name={title} {...chart} />
      </Suspense>
    </div>
  );
}
