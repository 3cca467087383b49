import { languageTag } from "../core/locale.ts";
import type { Labels } from "./labels/index.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Up to here one counts hours, even over midnight. */
const HOURS_TOLD = 12;
/** Up to here one counts days; what is older has a date. */
const DAYS_TOLD = 6;

// Making a format takes longer than using it a hundred times, and a list has one for each entry.
function cached<Format>(make: (locale: string) => Format): (locale: string) => Format {
  const made = new Map<string, Format>();
  return (locale) => {
    let format = made.get(locale);
    if (!format) made.set(locale, (format = make(languageTag(locale))));
    return format;
  };
}

const RELATIVE = {
  long: cached((locale) => new Intl.RelativeTimeFormat(locale, { numeric: "auto" })),
  short: cached((locale) => new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "short" })),
};
const DATE = cached((locale) => new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" }));
const DATE_AND_YEAR = cached((locale) => new Intl.DateTimeFormat(locale, { dateStyle: "medium" }));
const DAY = cached((locale) => new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" }));
const DAY_AND_YEAR = cached((locale) => new Intl.DateTimeFormat(locale, { dateStyle: "long" }));
const MOMENT = cached((locale) => new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "short" }));

/** Midnights between two moments, where the reader is: a day of 23 or 25 hours is one, too. */
function daysBetween(from: Date, to: Date): number {
  const midnight = (date: Date): number => Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  return Math.round((midnight(to) - midnight(from)) / DAY_MS);
}

const isSameYear = (one: Date, other: Date): boolean => one.getFullYear() === other.getFullYear();

/**
 * "hace 5 minutos", "ayer", "12 nov": days are those of the calendar. Of the future, which only a wrong clock makes,
 * "ahora"; of what is no date, nothing.
 */
export function relativeTime(timestamp: string, now: number, locale: string, style: "long" | "short" = "long"): string {
  const [then, today] = [new Date(timestamp), new Date(now)];
  const ago = now - then.getTime();
  if (Number.isNaN(ago)) return "";
  const format = RELATIVE[style](locale);
  const days = daysBetween(then, today);
  if (ago < MINUTE_MS) return format.format(0, "second");
  if (ago < HOUR_MS) return format.format(-Math.floor(ago / MINUTE_MS), "minute");
  if (days < 1 || ago < HOURS_TOLD * HOUR_MS) return format.format(-Math.floor(ago / HOUR_MS), "hour");
  if (days <= DAYS_TOLD) return format.format(-days, "day");
  return (isSameYear(then, today) ? DATE : DATE_AND_YEAR)(locale).format(then);
}

/** The heading of a day: today, yesterday, or which day it was. */
export function dayLabel(timestamp: string, now: number, locale: string, labels: Labels): string {
  const [then, today] = [new Date(timestamp), new Date(now)];
  const days = daysBetween(then, today);
  if (Number.isNaN(days)) return "";
  if (days < 1) return labels.today;
  if (days === 1) return labels.yesterday;
  return (isSameYear(then, today) ? DAY : DAY_AND_YEAR)(locale).format(then);
}

/** Date and time in full. */
export function fullTime(timestamp: string, locale: string): string {
  const then = new Date(timestamp);
  return Number.isNaN(then.getTime()) ? "" : MOMENT(locale).format(then);
}
