import type { Api } from "../api/client.ts";
import type { NotificationRecord, Observed } from "../api/records.ts";
import { BOUNDS, createBuffer } from "./buffer.ts";
import { createGaps } from "./gaps.ts";
import type { Link } from "./link.ts";

const POLL_INTERVAL = 1_000;

/** How often subscribers are told: ten times a second is as fluent as anybody reads. */
const TELL_INTERVAL = 100;

export interface FeedSnapshot {
  /** Oldest first. The array is the same one, changed in place: `version` tells that it has changed. */
  records: readonly NotificationRecord[];
  version: number;
  /** How many older ones are not held any more, since the console was opened or the stream was emptied. */
  released: number;
  /** Everything that was published and came in since the console was opened, in number. */
  total: number;
  source: "stream" | "polling" | "none";
  isLoading: boolean;
  error: Error | null;
}

export interface Feed {
  getSnapshot: () => FeedSnapshot;
  subscribe: (listener: () => void) => () => void;
  /** The records so far, for a list that stands still; more is held from now on. Each stays as it is now, not as it was. */
  hold: () => readonly NotificationRecord[];
  /** The list goes on; what was gathered meanwhile is kept until newer ones push it out. */
  go: () => void;
  clear: () => void;
  retry: () => void;
  close: () => void;
}

/** A snapshot for `useSyncExternalStore`, whose subscribers are told now and then. */
function createBoard(records: readonly NotificationRecord[]) {
  const listeners = new Set<() => void>();
  let telling: ReturnType<typeof setTimeout> | undefined;
  let snapshot: FeedSnapshot = {
    records,
    version: 0,
    released: 0,
    total: 0,
    source: "none",
    isLoading: true,
    error: null,
  };
  return {
    getSnapshot: () => snapshot,
    subscribe: (listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    set(change: Partial<FeedSnapshot>) {
      snapshot = { ...snapshot, ...change, version: snapshot.version + 1 };
      telling ??= setTimeout(() => {
        telling = undefined;
        for (const listener of listeners) listener();
      }, TELL_INTERVAL);
    },
    close() {
      clearTimeout(telling);
      listeners.clear();
    },
  };
}

/** Calls when the connection comes up and when it goes down; returns what ends it. */
function watch(link: Link, up: () => void, down: () => void): () => void {
  let was = link.getSnapshot().status === "connected";
  return link.subscribe(() => {
    const is = link.getSnapshot().status === "connected";
    if (is === was) return;
    was = is;
    (is ? up : down)();
  });
}

/**
 * Everything that is published, as it happens: the server's observer stream, and the history for what came before it
 * and for what a cut connection missed. A server without the stream is asked again and again.
 */
export function createFeed(api: Api, link: Link, bounds = BOUNDS): Feed {
  const buffer = createBuffer(bounds);
  const board = createBoard(buffer.records);
  const abort = new AbortController();
  const gaps = createGaps(api, {
    signal: abort.signal,
    take: (items, isFirst) => {
      take(items, !isFirst);
    },
    filled: (skipped) => {
      buffer.skip(skipped);
      board.set({ isLoading: false, error: null, released: buffer.released() });
    },
    failed: (error) => {
      board.set({ isLoading: false, error });
    },
  });
  let polling: ReturnType<typeof setTimeout> | undefined;
  const isConnected = () => link.getSnapshot().status === "connected";

  function take(items: readonly NotificationRecord[], isNew: boolean) {
    const count = buffer.add(items);
    gaps.seen(items);
    // One that was changed is no new one, and shows as it is now.
    if (count === 0 && !items.some(({ revision }) => revision !== undefined)) return;
    board.set({ total: board.getSnapshot().total + (isNew ? count : 0), released: buffer.released() });
  }

  async function observe(): Promise<void> {
    clearTimeout(polling);
    try {
      const reply = await link.request("ns:observe", { on: true });
      if (reply.ok) {
        gaps.observed();
        board.set({ source: "stream" });
        await gaps.fill();
        return;
      }
    } catch {
      // No acknowledgement: a server that does not know the event, or a connection that was cut.
    }
    if (isConnected()) poll();
  }

  function poll() {
    if (abort.signal.aborted) return;
    if (board.getSnapshot().source !== "polling") board.set({ source: "polling" });
    void gaps.fill().then(() => {
      if (!abort.signal.aborted && isConnected()) polling = setTimeout(poll, POLL_INTERVAL);
    });
  }

  const stopHearing = link.on("ns:observed", (body) => {
    const { items, removed = [] } = body as Observed;
    take(items, true);
    if (buffer.retract(removed.map(({ id }) => id)) > 0) board.set({});
  });
  const stopWatching = watch(link, () => void observe(), gaps.cut);
  void (isConnected() ? observe() : gaps.fill());

  return {
    getSnapshot: board.getSnapshot,
    subscribe: board.subscribe,
    hold: buffer.hold,
    go: buffer.go,
    clear() {
      buffer.clear();
      board.set({ released: 0 });
    },
    retry() {
      board.set({ isLoading: true, error: null });
      void gaps.fill();
    },
    close() {
      abort.abort();
      clearTimeout(polling);
      stopHearing();
      stopWatching();
      board.close();
    },
  };
}
