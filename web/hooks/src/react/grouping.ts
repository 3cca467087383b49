import type { AnyItem, NotificationItem } from "../core/types.ts";
import type { Labels } from "./labels/index.ts";
import { dayLabel } from "./times.ts";

export interface GroupOptions {
  /** This many of a kind in a row become one entry. Default: 3. */
  from?: number | undefined;
  /** Which are of a kind: those of the same text; `undefined` is never joined. Default: those of the same type and title. */
  by?: ((item: NotificationItem) => string | undefined) | undefined;
  /** What the entry says of them: "5 reservas nuevas". Default: their title and their number. */
  title?: ((items: readonly NotificationItem[]) => string | undefined) | undefined;
}

/** Of a day, what is one entry in the list: a notification by itself, or several of a kind, newest first. */
export type Row = readonly [AnyItem, ...AnyItem[]];

export interface Day {
  /** Stays the same when something new comes on top of it. */
  key: string;
  label: string;
  rows: Row[];
}

const FROM = 3;

const kindOf = ({ type, title }: AnyItem): string => JSON.stringify([type, title]);

/** What is of a kind and stands in a row, in one row, if there are enough of them. */
function join(items: readonly AnyItem[], { from = FROM, by }: GroupOptions): Row[] {
  const rows: Row[] = [];
  let run: AnyItem[] = [];
  let kind: string | undefined;
  const end = (): void => {
    const [first, ...rest] = run;
    if (first && run.length >= Math.max(2, from)) rows.push([first, ...rest]);
    else rows.push(...run.map((item): Row => [item]));
    run = [];
  };
  for (const item of items) {
    const next = by ? by(item as unknown as NotificationItem) : kindOf(item);
    if (next !== kind || next === undefined) end();
    kind = next;
    run.push(item);
  }
  end();
  return rows;
}

/** The list as it is shown: by days, and what is repeated in one row. */
export function daysOf(
  items: readonly AnyItem[],
  around: { now: number; locale: string; labels: Labels; group: GroupOptions | undefined },
): Day[] {
  const { now, locale, labels, group } = around;
  const days: { label: string; items: AnyItem[] }[] = [];
  for (const item of items) {
    const label = dayLabel(item.timestamp, now, locale, labels);
    const last = days[days.length - 1];
    if (last?.label === label) last.items.push(item);
    else days.push({ label, items: [item] });
  }
  const times = new Map<string, number>();
  return days.map((day) => ({
    key: keyOf(day.label, times),
    label: day.label,
    rows: group ? join(day.items, group) : day.items.map((item): Row => [item]),
  }));
}

/** Clocks of publishers differ: a day may come twice. */
function keyOf(label: string, times: Map<string, number>): string {
  const time = (times.get(label) ?? 0) + 1;
  times.set(label, time);
  return `${label} ${time}`;
}
