import { Button, Group, Text, VisuallyHidden } from "@mantine/core";
import type { CSSProperties } from "react";
import { useTranslation } from "react-i18next";
import { useFormats } from "../../i18n/formats.ts";
import { BUCKETS, type SimulationView } from "./view.ts";

interface HistogramProps {
  view: SimulationView;
  onReset: () => void;
}

/** Deliveries by latency: bars for the eye, a table for a screen reader. */
export function Histogram({ view, onReset }: HistogramProps) {
  const { t } = useTranslation();
  const { whole, decimal } = useFormats();
  if (view.measured === 0) return <Text c="dimmed">{t("simulator.histogramEmpty")}</Text>;
  const most = Math.max(...view.buckets);
  const names = [...BUCKETS.map((end) => `≤ ${whole(end)}`), `> ${whole(BUCKETS.at(-1) ?? 0)}`];
  return (
    <>
      <div className="histogram" aria-hidden>
        {view.buckets.map((count, index) => (
          <div key={names[index]} className="bucket" style={{ "--share": `${(count / most) * 100}%` } as CSSProperties}>
            <span className="bucket-count numbers">{count === 0 ? "" : whole(count)}</span>
            <span className="bucket-track">
              <span className="bucket-fill" />
            </span>
            <span className="bucket-name numbers">{names[index]}</span>
          </div>
        ))}
      </div>
      <VisuallyHidden>
        <table>
          <caption>{t("simulator.histogramTable")}</caption>
          <thead>
            <tr>
              <th scope="col">{t("simulator.bucket")}</th>
              <th scope="col">{t("simulator.deliveries")}</th>
            </tr>
          </thead>
          <tbody>
            {view.buckets.map((count, index) => (
              <tr key={names[index]}>
                <td>{names[index]} ms</td>
                <td>{whole(count)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </VisuallyHidden>
      <Group justify="space-between" mt="sm" gap="sm">
        <div>
          <Text size="sm" className="numbers" data-testid="measured">
            {t("simulator.histogramSummary", {
              count: view.measured,
              formatted: whole(view.measured),
              p50: decimal(view.p50 ?? 0),
              p95: decimal(view.p95 ?? 0),
              p99: decimal(view.p99 ?? 0),
            })}
          </Text>
          <Text size="xs" c="dimmed">
            {t("simulator.histogramNote")}
          </Text>
        </div>
        <Button size="xs" variant="default" onClick={onReset}>
          {t("simulator.reset")}
        </Button>
      </Group>
    </>
  );
}
