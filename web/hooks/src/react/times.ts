import type { Labels } from "./labels.ts";

const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
];

/** "hace 5 minutos"; of the future, which only a wrong clock makes, "ahora". */
export function relativeTime(timestamp: string, now: number, locale: string): string {
  const ago = Math.max(0, now - Date.parse(timestamp));
  const format = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  for (const [unit, size] of STEPS) if (ago >= size) return format.format(-Math.floor(ago / size), unit);
  return format.format(0, "second");
}

/** The heading of a day: today, yesterday, or its date. */
export function dayLabel(timestamp: string, now: number, locale: string, labels: Labels): string {
  const day = new Date(timestamp).toDateString();
  if (day === new Date(now).toDateString()) return labels.today;
  if (day === new Date(now - 86_400_000).toDateString()) return labels.yesterday;
  return new Intl.DateTimeFormat(locale, { dateStyle: "long" }).format(new Date(timestamp));
}
