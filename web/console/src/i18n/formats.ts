import { useMemo } from "react";
import { useTranslation } from "react-i18next";

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;

/** What is so little short of the next unit counts in that one. */
const NEARLY = 1 / 120;

const AGO = [
  [DAY, "day"],
  [HOUR, "hour"],
  [MINUTE, "minute"],
] as const satisfies [number, Intl.RelativeTimeFormatUnit][];

export interface Formats {
  whole: (value: number) => string;
  decimal: (value: number) => string;
  /** A part of a whole, from 0 to 1. */
  percent: (share: number) => string;
  time: (iso: string | number) => string;
  moment: (iso: string) => string;
  /** The time of day of what was today, else the date and the time. */
  when: (iso: string) => string;
  /** The moment with its time zone. */
  precise: (iso: string) => string;
  /** How long ago that was, or in how long it will be: "3 min ago". */
  ago: (iso: string) => string;
  duration: (seconds: number) => string;
  bytes: (value: number) => string;
  list: (values: readonly string[]) => string;
}

/** Numbers, dates and lists as the chosen language writes them. */
export function useFormats(): Formats {
  const { i18n } = useTranslation();
  const locale = i18n.language;
  return useMemo(() => formatsOf(locale), [locale]);
}

/** What `useFormats` gives, without React. */
export function formatsOf(locale: string): Formats {
  // Spanish groups digits from five on; in tables four-digit numbers need it as well.
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0, useGrouping: "always" });
  const decimal = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });
  // An operations tool counts 24 hours in every language.
  const clock = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" } as const;
  const day = { day: "numeric", month: "short", year: "numeric" } as const;
  const time = new Intl.DateTimeFormat(locale, clock);
  const moment = new Intl.DateTimeFormat(locale, { ...day, ...clock });
  const precise = new Intl.DateTimeFormat(locale, { ...day, ...clock, timeZoneName: "short" });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "always", style: "short" });
  const list = new Intl.ListFormat(locale, { type: "conjunction" });

  function unit(value: number, name: string): string {
    return new Intl.NumberFormat(locale, {
      style: "unit",
      unit: name,
      unitDisplay: "short",
      maximumFractionDigits: 0,
    }).format(value);
  }

  return {
    whole: (value) => whole.format(value),
    decimal: (value) => (value >= 100 ? whole : decimal).format(value),
    percent: (share) => percent.format(share),
    time: (iso) => time.format(new Date(iso)),
    moment: (iso) => moment.format(new Date(iso)),
    when: (iso) => (new Date(iso).toDateString() === new Date().toDateString() ? time : moment).format(new Date(iso)),
    precise: (iso) => precise.format(new Date(iso)),
    ago(iso) {
      const seconds = (new Date(iso).getTime() - Date.now()) / 1_000;
      const [size, name] = AGO.find(
        ([limit]) => Math.abs(seconds) >= (seconds > 0 ? limit - NEARLY * limit : limit),
      ) ?? [1, "second"];
      // What is still to come is rounded: in 59 minutes and 50 seconds is in an hour.
      return relative.format(seconds > 0 ? Math.round(seconds / size) : Math.trunc(seconds / size), name);
    },
    duration(seconds) {
      if (seconds < MINUTE) return unit(Math.floor(seconds), "second");
      if (seconds < HOUR) return unit(Math.floor(seconds / MINUTE), "minute");
      if (seconds < DAY) {
        const minutes = Math.floor((seconds % HOUR) / MINUTE);
        const hours = unit(Math.floor(seconds / HOUR), "hour");
        return minutes === 0 ? hours : `${hours} ${unit(minutes, "minute")}`;
      }
      const hours = Math.floor((seconds % DAY) / HOUR);
      const days = unit(Math.floor(seconds / DAY), "day");
      return hours === 0 ? days : `${days} ${unit(hours, "hour")}`;
    },
    bytes(value) {
      if (value < 1_024) return `${whole.format(value)} B`; // English would say "0 byte"
      return value < 1_048_576 ? unit(value / 1_024, "kilobyte") : unit(value / 1_048_576, "megabyte");
    },
    list: (values) => list.format(values),
  };
}
