import { Box, Group, Text, useComputedColorScheme } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { language } from "../i18n/index.ts";

export interface Line {
  label: string;
  /** A CSS variable of ours. */
  color: string;
  values: (number | null)[];
}

interface TimeChartProps {
  /** What the chart shows, in words: a screen reader gets nothing else. */
  summary: string;
  /** Unix seconds. */
  times: number[];
  lines: Line[];
  span: number;
}

/** Height of the lines, in pixels. */
const HEIGHT = 190;

const AXIS_FONT = "12px system-ui, sans-serif";

/** Lines over the last minutes. */
export default function TimeChart({ summary, times, lines, span }: TimeChartProps) {
  const { ref, width } = useElementSize();
  const target = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const scheme = useComputedColorScheme("light");
  const labels = lines.map((line) => line.label).join("\n");
  const colors = lines.map((line) => line.color).join("\n");

  useEffect(() => {
    if (target.current === null || width === 0) return;
    const made = new uPlot(options(width, labels.split("\n"), colors.split("\n"), span), [[]], target.current);
    chart.current = made;
    return () => {
      chart.current = null;
      made.destroy();
    };
  }, [width, labels, colors, scheme, span]);

  useEffect(() => {
    chart.current?.setData([times, ...lines.map((line) => line.values)]);
  });

  return (
    <Box>
      <Group gap="md" mb={6} aria-hidden>
        {lines.map((line) => (
          <Group key={line.label} gap={6}>
            <Box w={12} h={3} style={{ background: `var(${line.color})`, borderRadius: 2 }} />
            <Text size="xs">{line.label}</Text>
          </Group>
        ))}
      </Group>
      <Box ref={ref} role="img" aria-label={summary} h={HEIGHT} style={{ overflow: "hidden" }}>
        <div ref={target} />
      </Box>
    </Box>
  );
}

function options(width: number, labels: string[], colors: string[], span: number): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const value = (name: string) => style.getPropertyValue(name).trim();
  const axis: uPlot.Axis = {
    stroke: value("--mantine-color-dimmed"),
    grid: { stroke: value("--console-border"), width: 1 },
    ticks: { show: false },
    font: AXIS_FONT,
  };
  const clock = new Intl.DateTimeFormat(language(), { hour: "2-digit", minute: "2-digit" });
  const number = new Intl.NumberFormat(language(), { notation: "compact" });
  return {
    width,
    height: HEIGHT,
    padding: [8, 22, 0, 0],
    cursor: { show: false },
    legend: { show: false },
    scales: {
      x: { time: true, range: () => [Date.now() / 1_000 - span, Date.now() / 1_000] },
      y: { range: (_, __, most) => [0, Math.max(1, Number.isFinite(most) ? most * 1.15 : 1)] },
    },
    axes: [
      { ...axis, size: 28, space: 70, values: (_, splits) => splits.map((at) => clock.format(at * 1_000)) },
      { ...axis, size: 46, values: (_, splits) => splits.map((split) => number.format(split)) },
    ],
    series: [
      {},
      ...labels.map((label, index) => ({
        label,
        stroke: value(colors[index] ?? ""),
        width: 2,
        fill: `color-mix(in srgb, ${value(colors[index] ?? "")} 12%, transparent)`,
        points: { show: false },
        spanGaps: true,
      })),
    ],
  };
}
