import type { NotificationRecord } from "../api/records.ts";
import { quantile } from "./quantiles.ts";

/** Arrivals that the latency of late is taken of. */
const MEASURED = 500;

/** In milliseconds; null of nothing. */
export type Arrival = { p50: number; p95: number } | null;

function summary(values: readonly number[]): Arrival {
  const sorted = [...values].sort((one, other) => one - other);
  const [p50, p95] = [quantile(sorted, 0.5), quantile(sorted, 0.95)];
  return p50 === null || p95 === null ? null : { p50, p95 };
}

/** How long what arrives takes to get here. */
export function createStopwatch() {
  const delays: number[] = [];
  let fresh: number[] = [];
  return {
    measure(items: readonly NotificationRecord[]): void {
      const now = Date.now();
      for (const item of items) fresh.push(Math.max(0, now - Date.parse(item.timestamp)));
    },
    /** Of what came since the last call, and of the last few hundred. */
    take(): { latest: Arrival; recent: Arrival } {
      const latest = summary(fresh);
      delays.push(...fresh);
      delays.splice(0, delays.length - MEASURED);
      fresh = [];
      return { latest, recent: summary(delays) };
    },
  };
}
