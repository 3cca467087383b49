import { createTimer } from "../core/timers.ts";

// Toasts that come together are put up together: each that is put up costs the page some milliseconds.
const TOGETHER_MS = 100;

export interface Candidate {
  id: string;
  /** It stays until it is closed, and gives way to none that does not. */
  isCritical: boolean;
  /** Put it up, or in place of what is up under the same id. */
  show: () => void;
}

interface Place {
  /** Toasts that are up at once. */
  most: () => number;
  close: (id: string) => void;
  /** So many were not put up since the last of these was closed; `hasCritical`: critical ones among them. */
  tellMore: (count: number, hasCritical: boolean) => void;
}

/**
 * Which toasts are put up when more come than anybody can read: as many as there is room for, and of the rest the
 * number. They are in the inbox anyway, and a thousand toasts are a page that stands still.
 */
export function createBurst({ most, close, tellMore }: Place) {
  const up = new Map<string, boolean>(); // whether each that is up is critical
  const waiting = new Map<string, Candidate>();
  const timer = createTimer();
  let untold = 0;
  let hasCritical = false;
  let isNews = false; // there is something to say about the rest

  function skip({ isCritical }: Pick<Candidate, "isCritical">): void {
    untold++;
    hasCritical ||= isCritical;
    isNews = true;
  }

  /** The last of these that is not critical; undefined where all are. */
  function lastPlain(entries: Iterable<readonly [string, boolean]>): string | undefined {
    return [...entries].reverse().find(([, isCritical]) => !isCritical)?.[0];
  }

  function put(one: Candidate): void {
    if (!up.has(one.id) && up.size >= most()) {
      const plain = one.isCritical ? lastPlain(up) : undefined;
      if (plain === undefined) return skip(one);
      up.delete(plain);
      close(plain);
      skip({ isCritical: false });
    }
    up.set(one.id, one.isCritical);
    one.show();
  }

  function flush(): void {
    const all = [...waiting.values()];
    waiting.clear();
    for (const one of all) put(one);
    if (all.length || isNews) timer.set(TOGETHER_MS, flush);
    if (isNews) tellMore(untold, hasCritical);
    isNews = false;
  }

  /** What is waited with is no more than there is room for, either. */
  function wait(one: Candidate): void {
    if (waiting.size >= most() && !waiting.has(one.id)) {
      const critical = [...waiting].map(([id, { isCritical }]) => [id, isCritical] as const);
      const plain = one.isCritical ? lastPlain(critical) : undefined;
      if (plain === undefined) return skip(one);
      waiting.delete(plain);
      skip({ isCritical: false });
    }
    waiting.set(one.id, one);
  }

  return {
    add: (one: Candidate): void => {
      wait(one);
      if (!timer.isSet()) flush();
    },
    /** It is up no longer, whoever took it down. */
    gone: (id: string): void => void up.delete(id),
    /** The number was read. */
    told: (): void => {
      untold = 0;
      hasCritical = false;
    },
    stop: timer.clear,
  };
}
