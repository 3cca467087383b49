/** Places on an axis on which a millisecond and a day can both be told: that of the logarithm of the time. */

const MARKS = [1, 10, 100, 1_000, 10_000, 60_000, 600_000, 3_600_000, 36_000_000, 86_400_000, 604_800_000];

/** The least that an axis shows, so that a fast server's steps are not blown up to the whole width. */
const LEAST = 10;

export interface Scale {
  /** From 0 at the beginning to 1 at the end. */
  place: (ms: number) => number;
  marks: readonly number[];
}

export function scaleOf(times: readonly number[]): Scale {
  const longest = Math.max(LEAST, ...times);
  const whole = Math.log10(1 + longest);
  return {
    place: (ms) => Math.min(1, Math.log10(1 + Math.max(0, ms)) / whole),
    marks: MARKS.filter((mark) => mark <= longest),
  };
}

/** Milliseconds from one moment to another. */
export function between(from: string, to: string): number {
  return Math.max(0, Date.parse(to) - Date.parse(from));
}
