export const PRESETS = ["quarter", "hour", "today", "yesterday", "week"] as const;
export type Preset = (typeof PRESETS)[number];

export interface Range {
  since: string | null;
  until: string | null;
}

const MINUTE = 60_000;

/** The stretch of time that a preset means now, by the clock and the zone of whoever looks. */
export function rangeOf(preset: Preset, now: Date): Range {
  const day = (offset: number) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + offset).toISOString();
  const ago = (minutes: number) => new Date(now.getTime() - minutes * MINUTE).toISOString();
  switch (preset) {
    case "quarter":
      return { since: ago(15), until: null };
    case "hour":
      return { since: ago(60), until: null };
    case "today":
      return { since: day(0), until: null };
    case "yesterday":
      return { since: day(-1), until: day(0) };
    case "week":
      return { since: day(-6), until: null };
  }
}

/** What somebody wrote for a moment: `2026-11-27`, or with a time `2026-11-27 09:30`; null for what is neither. */
export function momentFrom(text: string): string | null {
  const match = /^\s*(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?\s*$/.exec(text);
  if (match === null) return null;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = match.slice(1).map((part) => Number(part));
  const moment = new Date(year, month - 1, day, hour || 0, minute || 0, second || 0);
  const isThere = moment.getMonth() === month - 1 && moment.getDate() === day && (hour || 0) < 24 && (minute || 0) < 60;
  return isThere ? moment.toISOString() : null;
}

/** A moment as `momentFrom` reads it. */
export function written(iso: string | null): string {
  if (iso === null) return "";
  const moment = new Date(iso);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
  return `${day} ${two(moment.getHours())}:${two(moment.getMinutes())}`;
}
