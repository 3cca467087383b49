import type { Api } from "../api/client.ts";
import type { RecentStats, Stats, StatsSample } from "../api/records.ts";

/** Seconds of the charts. */
export const SPAN = 300;

const INTERVAL = 1_000;
const INTERVAL_HIDDEN = 5_000;

/** Numbers of a second; null where nobody could ask for them. */
export interface RatePoint {
  at: number;
  connections: number | null;
  users: number | null;
  in: number | null;
  out: number | null;
  refused: number | null;
  p50: number | null;
  p95: number | null;
}

export interface SamplerSnapshot {
  stats: Stats | null;
  points: readonly RatePoint[];
  error: Error | null;
  /** When `stats` was read, in milliseconds since the epoch. */
  readAt: number | null;
}

export interface Sampler {
  getSnapshot: () => SamplerSnapshot;
  subscribe: (listener: () => void) => () => void;
  retry: () => void;
  close: () => void;
}

const NOTHING = { connections: null, users: null, in: null, out: null, refused: null, p50: null, p95: null };

interface Counters {
  at: number;
  in: number;
  out: number;
  refused: number;
  nodes: number;
}

/** Asks for the statistics once a second and keeps the rates of the last minutes; begins with what the server kept. */
export function createSampler(api: Api): Sampler {
  const listeners = new Set<() => void>();
  const abort = new AbortController();
  let snapshot: SamplerSnapshot = { stats: null, points: [], error: null, readAt: null };
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last: Counters | null = null;

  function set(change: Partial<SamplerSnapshot>) {
    snapshot = { ...snapshot, ...change };
    for (const listener of listeners) listener();
  }

  async function begin() {
    void sample();
    try {
      const kept = pointsOf((await api.get<RecentStats>("/v1/stats/recent", {}, abort.signal)).samples);
      const first = snapshot.points[0]?.at ?? Infinity;
      set({ points: [...kept.filter((one) => one.at < first), ...snapshot.points] });
    } catch {
      // The charts begin empty.
    }
  }

  async function sample() {
    clearTimeout(timer);
    try {
      const stats = await api.get<Stats>("/v1/stats", {}, abort.signal);
      const now: Counters = {
        at: Date.now() / 1000,
        in: stats.publishes.accepted,
        out: stats.deliveries,
        refused: stats.refused,
        nodes: stats.nodes,
      };
      // Counters that fell are another process's, and so are some of them where others are counted than before.
      const isAnother = last === null || now.in < last.in || now.out < last.out || now.nodes !== last.nodes;
      const points = last === null || isAnother ? snapshot.points : append(now, last, stats);
      last = now;
      set({ stats, points, error: null, readAt: Date.now() });
    } catch (error) {
      if (abort.signal.aborted) return;
      const at = Date.now() / 1_000;
      // One empty point is enough for a gap in the lines.
      const points = last === null ? snapshot.points : [...recent(at), { ...NOTHING, at }];
      last = null;
      set({ error: error as Error, points });
    }
    timer = setTimeout(() => void sample(), document.hidden ? INTERVAL_HIDDEN : INTERVAL);
  }

  function append(now: Counters, before: Counters, stats: Stats): RatePoint[] {
    const seconds = Math.max(0.2, now.at - before.at);
    const point: RatePoint = {
      at: now.at,
      connections: stats.connections.total,
      users: stats.users.total,
      in: (now.in - before.in) / seconds,
      out: (now.out - before.out) / seconds,
      refused: Math.max(0, now.refused - before.refused) / seconds,
      p50: stats.latency_ms?.p50 ?? null,
      p95: stats.latency_ms?.p95 ?? null,
    };
    return [...recent(now.at), point];
  }

  function recent(now: number): RatePoint[] {
    return snapshot.points.filter((one) => one.at > now - SPAN);
  }

  void begin();

  return {
    getSnapshot: () => snapshot,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    retry: () => void sample(),
    close() {
      abort.abort();
      clearTimeout(timer);
      listeners.clear();
    },
  };
}

/** The mean of the numbers of the last seconds; null where there are none. */
export function meanOf(points: readonly RatePoint[], key: "in" | "out" | "refused", seconds: number): number | null {
  const newest = points.at(-1);
  if (newest === undefined) return null;
  const values = points.filter((one) => one.at > newest.at - seconds).map((one) => one[key]);
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

/** The server's samples are numbers in each second already. */
function pointsOf(samples: readonly StatsSample[]): RatePoint[] {
  return samples.map((one) => ({
    at: one.at,
    connections: one.connections,
    users: one.users,
    in: one.published,
    out: one.delivered,
    refused: one.refused,
    p50: one.latency_ms?.p50 ?? null,
    p95: one.latency_ms?.p95 ?? null,
  }));
}
