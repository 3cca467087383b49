import { useFeed, useSampler } from "./LiveContext.ts";

export interface LatencyNow {
  p50: number | null;
  p95: number | null;
  /** Where it was measured: by the server, or on arrival in this browser. */
  by: "server" | "console";
}

/** The delivery latency as it is now, in milliseconds. */
export function useLatency(): LatencyNow {
  const { stats } = useSampler();
  const { arrival } = useFeed();
  if (stats?.latency_ms !== undefined) {
    return { p50: stats.latency_ms?.p50 ?? null, p95: stats.latency_ms?.p95 ?? null, by: "server" };
  }
  return { p50: arrival?.p50 ?? null, p95: arrival?.p95 ?? null, by: "console" };
}
