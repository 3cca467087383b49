import { Box, Group, Text, useComputedColorScheme } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useFormats } from "../i18n/formats.ts";
import { language } from "../i18n/index.ts";
import { ChartTable } from "./ChartTable.tsx";
import { loneOf, newestOf } from "./series.ts";

export interface Line {
  label: string;
  /** A CSS variable of ours. */
  color: string;
  /** Null where nothing is known: the line is left open there. */
  values: (number | null)[];
}

interface TimeChartProps {
  name: string;
  /** What the chart shows, in words: what the picture says to a screen reader. */
  summary: string;
  /** Unix seconds. */
  times: number[];
  lines: Line[];
  span: number;
  format: (value: number) => string;
}

/** Height of the lines, in pixels. */
const HEIGHT = 190;

const AXIS_FONT = '12px "Inter Variable", system-ui, sans-serif';

/** The second line is drawn in strokes, so that colour is not all that tells the two apart. */
const DASHES = [undefined, [7, 3]];

/** Lines over the last minutes. The pointer, or a finger, shows the values under it. */
export default function TimeChart({ name, summary, times, lines, span, format }: TimeChartProps) {
  const { time } = useFormats();
  const { ref, width } = useElementSize();
  const target = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const [pointed, setPointed] = useState<number | null>(null);
  const scheme = useComputedColorScheme("light");
  const labels = lines.map((line) => line.label).join("\n");
  const colors = lines.map((line) => line.color).join("\n");

  useEffect(() => {
    if (target.current === null || width === 0) return;
    const looks = options(width, labels.split("\n"), colors.split("\n"), span);
    looks.hooks = { setCursor: [(plot) => setPointed(plot.cursor.idx ?? null)] };
    const made = new uPlot(looks, [[]], target.current);
    chart.current = made;
    return () => {
      chart.current = null;
      made.destroy();
    };
  }, [width, labels, colors, scheme, span]);

  useEffect(() => {
    chart.current?.setData([times, ...lines.map((line) => line.values)]);
  });

  const at = pointed === null ? undefined : times[pointed];
  return (
    <Box>
      <Group gap="md" mb={6} aria-hidden className="numbers" data-testid="readout">
        {lines.map((line, index) => {
          const value = pointed === null ? newestOf(line.values) : (line.values[pointed] ?? null);
          return (
            <Group key={line.label} gap={6} wrap="nowrap">
              <span className="swatch" data-dashed={index > 0} style={{ borderColor: `var(${line.color})` }} />
              <Text span size="xs" c="dimmed">
                {line.label}
              </Text>
              <Text span size="xs" fw={600}>
                {value === null ? "–" : format(value)}
              </Text>
            </Group>
          );
        })}
        <Text span size="xs" c="dimmed" ms="auto">
          {at === undefined ? "" : time(at * 1_000)}
        </Text>
      </Group>
      <Box ref={ref} role="img" aria-label={summary} h={HEIGHT} style={{ overflow: "hidden" }}>
        <div ref={target} />
      </Box>
      <ChartTable name={name} times={times} lines={lines} format={format} />
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
  const clock = new Intl.DateTimeFormat(language(), { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const number = new Intl.NumberFormat(language(), { notation: "compact" });
  return {
    width,
    height: HEIGHT,
    padding: [8, 22, 0, 0],
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
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
      ...labels.map((label, index) => {
        const stroke = value(colors[index] ?? "");
        const dash = DASHES[index];
        return {
          label,
          stroke,
          width: 2,
          fill: `color-mix(in srgb, ${stroke} 10%, transparent)`,
          // A line needs two values: one that stands alone is a point.
          points: {
            show: false,
            size: 5,
            fill: stroke,
            filter: (plot: uPlot, line: number) => loneOf(plot.data[line] ?? []),
          },
          spanGaps: false,
          ...(dash === undefined ? {} : { dash }),
        };
      }),
    ],
  };
}
