import type { RatePoint } from "../../live/sampler.ts";

/** Seconds of which the rate is told: of one alone it would jump with each notification. */
const SPAN = 10;

/** Notifications a second, of the last ten seconds. */
export function meanRate(points: readonly RatePoint[]): number {
  const last = points.at(-1)?.at ?? 0;
  const recent = points.filter((point) => point.at > last - SPAN);
  return recent.length === 0 ? 0 : recent.reduce((sum, point) => sum + (point.in ?? 0), 0) / recent.length;
}
