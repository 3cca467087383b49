import type { Api } from "../api/client.ts";
import type { HistoryPage, NotificationRecord } from "../api/records.ts";
import type { Link } from "./link.ts";
import { quantile } from "./quantiles.ts";

/** Records that are kept while the stream runs, and while it is paused: about a kilobyte each. */
export const KEPT = 20_000;
export const KEPT_PAUSED = 100_000;

const PAGE = 100;

/** Pages read at most to close a gap after a reconnect; what is older is in the history. */
const GAP_PAGES = 200;

const POLL_INTERVAL = 1_000;

/** Arrivals that the latency is taken of. */
const MEASURED = 500;

/** How often subscribers are told: ten times a second is as fluent as anybody reads. */
const TELL_INTERVAL = 100;

export interface FeedSnapshot {
  /** Oldest first. The array is the same one, changed in place: `version` tells that it has changed. */
  records: readonly NotificationRecord[];
  version: number;
  /** How many records were dropped from the front since the start. */
  dropped: number;
  /** Everything that came in since the console was opened, in number. */
  total: number;
  source: "stream" | "polling" | "none";
  /** Milliseconds from acceptance to arrival here; null until something came over the stream. */
  arrival: { p50: number; p95: number } | null;
  isLoading: boolean;
  error: Error | null;
}

export interface Feed {
  getSnapshot: () => FeedSnapshot;
  subscribe: (listener: () => void) => () => void;
  hold: (paused: boolean) => void;
  clear: () => void;
  /** How long what arrived since the last call took to get here. */
  takeArrivals: () => FeedSnapshot["arrival"];
  retry: () => void;
  close: () => void;
}

/**
 * Everything that is published, as it happens: the server's observer stream, and the history for what came before it
 * and for what a cut connection missed. A server without the stream is asked again and again.
 */
export function createFeed(api: Api, link: Link): Feed {
  const records: NotificationRecord[] = [];
  const known = new Set<string>();
  const listeners = new Set<() => void>();
  const abort = new AbortController();
  let snapshot: FeedSnapshot = {
    records,
    version: 0,
    dropped: 0,
    total: 0,
    source: "none",
    arrival: null,
    isLoading: true,
    error: null,
  };
  let telling: ReturnType<typeof setTimeout> | undefined;
  let polling: ReturnType<typeof setTimeout> | undefined;
  let kept = KEPT;
  let top = 0;
  let filling = false;

  const delays: number[] = [];
  let fresh: number[] = [];

  function measure(items: readonly NotificationRecord[]) {
    const now = Date.now();
    for (const item of items) fresh.push(Math.max(0, now - Date.parse(item.timestamp)));
  }

  function summary(values: readonly number[]): FeedSnapshot["arrival"] {
    const sorted = [...values].sort((one, other) => one - other);
    const [p50, p95] = [quantile(sorted, 0.5), quantile(sorted, 0.95)];
    return p50 === null || p95 === null ? null : { p50, p95 };
  }

  function tell(change: Partial<FeedSnapshot> = {}) {
    snapshot = { ...snapshot, ...change, version: snapshot.version + 1 };
    telling ??= setTimeout(() => {
      telling = undefined;
      for (const listener of listeners) listener();
    }, TELL_INTERVAL);
  }

  function trim(): number {
    // In bites of a tenth, as taking from the front moves all the rest.
    if (records.length <= kept * 1.1) return 0;
    const gone = records.splice(0, records.length - kept);
    for (const record of gone) known.delete(record.id);
    return gone.length;
  }

  function take(items: readonly NotificationRecord[], live: boolean) {
    let count = 0;
    let sorted = true;
    for (const item of items) {
      if (known.has(item.id)) continue;
      known.add(item.id);
      const last = records.at(-1);
      if (last !== undefined && last.seq > item.seq) sorted = false;
      records.push(item);
      if (item.seq > top) top = item.seq;
      count += 1;
    }
    if (count === 0) return;
    if (!sorted) records.sort((one, other) => one.seq - other.seq);
    const dropped = snapshot.dropped + trim();
    tell({ dropped, total: snapshot.total + (live ? count : 0) });
  }

  /** Read back from the head to what is known already; the first time, one page. */
  async function fill(): Promise<void> {
    if (filling) return;
    filling = true;
    const first = top === 0;
    const floor = top;
    try {
      let before: number | null = null;
      for (let page = 0; page < (first ? 1 : GAP_PAGES); page += 1) {
        const reply: HistoryPage = await api.get<HistoryPage>(
          "/v1/notifications",
          { limit: PAGE, before },
          abort.signal,
        );
        take([...reply.items].reverse(), !first);
        before = reply.next_before;
        const oldest = reply.items.at(-1);
        if (before === null || (oldest !== undefined && oldest.seq <= floor)) break;
      }
      tell({ isLoading: false, error: null });
    } catch (error) {
      if (!abort.signal.aborted) tell({ isLoading: false, error: error as Error });
    } finally {
      filling = false;
    }
  }

  async function observe(): Promise<void> {
    clearTimeout(polling);
    try {
      const reply = await link.request("ns:observe", { on: true });
      if (reply.ok) {
        tell({ source: "stream" });
        await fill();
        return;
      }
    } catch {
      // No acknowledgement: a server that does not know the event, or a connection that was cut.
    }
    if (link.getSnapshot().status === "connected") poll();
  }

  function poll() {
    if (abort.signal.aborted) return;
    if (snapshot.source !== "polling") tell({ source: "polling" });
    void fill().then(() => {
      if (abort.signal.aborted || link.getSnapshot().status !== "connected") return;
      polling = setTimeout(poll, POLL_INTERVAL);
    });
  }

  const stopHearing = link.on("ns:observed", (body) => {
    const { items } = body as { items: NotificationRecord[] };
    measure(items);
    take(items, true);
  });
  let wasConnected = link.getSnapshot().status === "connected";
  function onLink() {
    const isConnected = link.getSnapshot().status === "connected";
    if (isConnected && !wasConnected) void observe();
    wasConnected = isConnected;
  }
  const stopWatching = link.subscribe(onLink);
  void (wasConnected ? observe() : fill());

  return {
    getSnapshot: () => snapshot,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    hold(paused) {
      kept = paused ? KEPT_PAUSED : KEPT;
    },
    clear() {
      records.length = 0;
      tell({ dropped: 0 });
    },
    takeArrivals() {
      const taken = summary(fresh);
      delays.push(...fresh);
      delays.splice(0, delays.length - MEASURED);
      fresh = [];
      if (taken !== null) tell({ arrival: summary(delays) });
      return taken;
    },
    retry() {
      tell({ isLoading: true, error: null });
      void fill();
    },
    close() {
      abort.abort();
      clearTimeout(telling);
      clearTimeout(polling);
      stopHearing();
      stopWatching();
      listeners.clear();
    },
  };
}
