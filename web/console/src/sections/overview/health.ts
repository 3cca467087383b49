import type { Stats } from "../../api/records.ts";
import type { LinkStatus } from "../../live/link.ts";
import { meanOf, type RatePoint } from "../../live/sampler.ts";

/** Bytes that wait for slow readers from which on it is worth a look: some hundred notifications for each of ten. */
const MUCH_QUEUED = 1_048_576;

/** Milliseconds of the median from which on people notice. */
const SLOW = 250;

/** Seconds that are looked back on for refusals. */
const LATELY = 60;

export interface Facts {
  stats: Stats;
  points: readonly RatePoint[];
  /** Whether the last request for the numbers was answered. */
  answers: boolean;
  link: LinkStatus;
}

export type Health =
  | { state: "silent" | "cut" | "draining" | "fine" }
  | { state: "queue"; bytes: number }
  | { state: "slow"; p50: number; p95: number }
  | { state: "refusing"; count: number };

/** How the server is, in one state: the gravest one that holds. */
export function healthOf({ stats, points, answers, link }: Facts): Health {
  if (!answers) return { state: "silent" };
  if (stats.draining) return { state: "draining" };
  if (link === "reconnecting" || link === "refused") return { state: "cut" };
  if (stats.queued_bytes >= MUCH_QUEUED) return { state: "queue", bytes: stats.queued_bytes };
  const latency = stats.latency_ms;
  if (latency !== null && latency.p50 >= SLOW) return { state: "slow", p50: latency.p50, p95: latency.p95 };
  const count = Math.round((meanOf(points, "refused", LATELY) ?? 0) * Math.min(LATELY, spanOf(points)));
  return count > 0 ? { state: "refusing", count } : { state: "fine" };
}

function spanOf(points: readonly RatePoint[]): number {
  const [first, last] = [points[0], points.at(-1)];
  return first === undefined || last === undefined ? 0 : Math.max(1, last.at - first.at);
}
