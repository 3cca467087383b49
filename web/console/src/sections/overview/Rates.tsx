import { SimpleGrid, Skeleton, Text } from "@mantine/core";
import { lazy, Suspense, type ComponentProps } from "react";
import { useTranslation } from "react-i18next";
import { useFormats } from "../../i18n/formats.ts";
import { useSampler } from "../../live/LiveContext.ts";
import { SPAN } from "../../live/sampler.ts";
import { Panel } from "../../ui/Section.tsx";

// On its own: the library that draws is a fifth of everything, and the figures can be read without it.
const TimeChart = lazy(() => import("../../ui/TimeChart.tsx"));

// As high as the chart with its legend, so that nothing moves when it comes.
const HEIGHT = 215;

function Chart(props: ComponentProps<typeof TimeChart>) {
  return (
    <Suspense fallback={<Skeleton h={HEIGHT} animate={false} />}>
      <TimeChart {...props} />
    </Suspense>
  );
}

export function Rates() {
  const { t } = useTranslation();
  const { decimal } = useFormats();
  const { stats, points } = useSampler();
  const latency = stats?.latency_ms ?? null;
  const now = points.at(-1);
  const times = points.map((point) => point.at);
  const aside = (
    <Text size="xs" c="dimmed">
      {t("overview.window")}
    </Text>
  );
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }}>
      <Panel title={t("overview.rates")} aside={aside}>
        <Chart
          span={SPAN}
          times={times}
          summary={t("overview.ratesSummary", { in: decimal(now?.in ?? 0), out: decimal(now?.out ?? 0) })}
          lines={[
            { label: t("overview.seriesOut"), color: "--console-out", values: points.map((point) => point.out) },
            { label: t("overview.seriesIn"), color: "--console-in", values: points.map((point) => point.in) },
          ]}
        />
        <Text size="xs" c="dimmed" mt="xs" className="numbers">
          {t("overview.ratesSummary", { in: decimal(now?.in ?? 0), out: decimal(now?.out ?? 0) })}
        </Text>
      </Panel>
      <Panel title={t("overview.latencyTitle")} aside={aside}>
        <Chart
          span={SPAN}
          times={times}
          summary={
            latency === null
              ? t("overview.latencyNone")
              : t("overview.latencySummary", { p50: decimal(latency.p50), p95: decimal(latency.p95) })
          }
          lines={[
            { label: "p95", color: "--console-p95", values: points.map((point) => point.p95) },
            { label: "p50", color: "--console-p50", values: points.map((point) => point.p50) },
          ]}
        />
        <Text size="xs" c="dimmed" mt="xs">
          {t("overview.latencyExplained")}
        </Text>
      </Panel>
    </SimpleGrid>
  );
}
