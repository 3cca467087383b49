import type { Api } from "../../api/client.ts";
import type { BatchReply, PublishBody, PublishReply } from "../../api/records.ts";
import type { Simulation } from "./simulation.ts";

export const MOST = 10_000;
export const MOST_PER_SECOND = 500;

/** Publishes go out in groups at this interval; a batch each, so that the browser's own requests set no limit. */
const INTERVAL = 100;

/** Seconds after which stored ones of a burst are nobody's business any more. */
const KEPT = 600;

export interface Wanted {
  count: number;
  rate: number;
  message: string;
  /** Whom it is for: the simulated clients, and nobody else. */
  users: readonly string[];
  isStored: boolean;
}

export interface BurstView {
  isRunning: boolean;
  /** Null before the first. */
  progress: { count: number; sent: number; failed: number } | null;
}

export interface Burst {
  getSnapshot: () => BurstView;
  subscribe: (listener: () => void) => () => void;
  start: (wanted: Wanted) => void;
  stop: () => void;
}

/** A notification of a burst: for these users alone, and kept in nobody's inbox unless that is what is tried. */
export function bodyOf({ message, users, isStored }: Wanted, number: number): PublishBody {
  return {
    type: "test",
    message,
    data: { numero: number },
    audience: { users: [...users] },
    persist: isStored,
    ...(isStored ? { ttl: KEPT } : {}),
  };
}

/** Publishes many, evenly, and tells the simulation what its clients must get. */
export function createBurst(api: Api, simulation: Simulation): Burst {
  const listeners = new Set<() => void>();
  let view: BurstView = { isRunning: false, progress: null };
  let timer: ReturnType<typeof setInterval> | undefined;
  let run = 0;

  function set(change: Partial<BurstView>) {
    view = { ...view, ...change };
    for (const listener of listeners) listener();
  }

  function end() {
    clearInterval(timer);
    set({ isRunning: false });
  }

  async function publish(wanted: Wanted, first: number, size: number): Promise<number> {
    const notifications = Array.from({ length: size }, (_, index) => bodyOf(wanted, first + index + 1));
    const there = wanted.isStored ? null : simulation.attendance();
    let sent = 0;
    try {
      const { results } =
        size === 1
          ? { results: [await api.post<PublishReply>("/notify", notifications[0])] }
          : await api.post<BatchReply>("/v1/notifications/batch", { notifications });
      for (const result of results) {
        if (result.status !== "ok") continue;
        sent += 1;
        simulation.expect(result.id, there);
      }
    } catch {
      // Counted as failed; the banner and the status say why.
    }
    return sent;
  }

  return {
    getSnapshot: () => view,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    start(wanted) {
      if (view.isRunning || wanted.users.length === 0) return;
      const count = Math.min(MOST, Math.max(1, wanted.count));
      const rate = Math.min(MOST_PER_SECOND, Math.max(1, wanted.rate));
      const each = Math.max(1, Math.round((rate * INTERVAL) / 1_000));
      let started = 0;
      const progress = { count, sent: 0, failed: 0 };
      const mine = (run += 1);
      set({ isRunning: true, progress });
      timer = setInterval(
        () => {
          const [first, size] = [started, Math.min(each, count - started)];
          started += size;
          if (started >= count) end();
          void publish(wanted, first, size).then((sent) => {
            progress.sent += sent;
            progress.failed += size - sent;
            if (mine === run) set({ progress: { ...progress } });
          });
        },
        (each / rate) * 1_000,
      );
    },
    stop: end,
  };
}
