/** Upper ends of the bars of the histogram, in milliseconds; the last bar is open. */
export const BUCKETS = [1, 2, 5, 10, 20, 50, 100, 200, 500] as const;

export type ClientStatus = "connecting" | "connected" | "offline" | "refused";

export interface ClientView {
  id: number;
  name: string;
  /** Who it is to the server, as soon as that is known. */
  user: string | null;
  role: string;
  status: ClientStatus;
  transport: string | null;
  isSlow: boolean;
  received: number;
  replayed: number;
  duplicates: number;
  missing: number;
  /** What was published while it was cut, and not stored for later. */
  away: number;
  median: number | null;
}

export interface SimulationView {
  clients: readonly ClientView[];
  buckets: readonly number[];
  measured: number;
  p50: number | null;
  p95: number | null;
  p99: number | null;
}

export function emptyBuckets(): number[] {
  return Array.from({ length: BUCKETS.length + 1 }, () => 0);
}

export const EMPTY_VIEW: SimulationView = {
  clients: [],
  buckets: emptyBuckets(),
  measured: 0,
  p50: null,
  p95: null,
  p99: null,
};
