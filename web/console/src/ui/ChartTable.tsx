import { Table } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormats } from "../i18n/formats.ts";
import { every } from "./series.ts";
import type { Line } from "./TimeChart.tsx";

interface ChartTableProps {
  name: string;
  times: number[];
  lines: Line[];
  format: (value: number) => string;
}

/** Seconds of a row. */
const STEP = 30;

/** What a chart shows as numbers, for whoever does not see lines. */
export function ChartTable({ name, times, lines, format }: ChartTableProps) {
  const { t } = useTranslation();
  const { time } = useFormats();
  const [isOpen, setOpen] = useState(false);
  const series = lines.map((line) => line.values);
  const rows = isOpen ? every(STEP, times, series) : [];
  return (
    <details
      className="chart-table"
      onToggle={(event) => {
        setOpen(event.currentTarget.open);
      }}
    >
      <summary>{t("overview.asTable")}</summary>
      <Table aria-label={name} verticalSpacing={3} horizontalSpacing={0} fz="xs" className="numbers">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("overview.until")}</Table.Th>
            {lines.map((line) => (
              <Table.Th key={line.label} ta="end">
                {line.label}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(({ at, values }) => (
            <Table.Tr key={at}>
              <Table.Td>{time(at * 1_000)}</Table.Td>
              {values.map((value, index) => (
                <Table.Td key={lines[index]?.label ?? index} ta="end">
                  {value === null ? "–" : format(value)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </details>
  );
}
