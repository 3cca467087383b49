import { createTimer } from "../core/timers.ts";

// Between two toasts that are put up: each costs the page some tens of milliseconds, in which nothing else happens.
const APART_MS = 100;

export interface Candidate {
  id: string;
  /** The notification that it shows. */
  of: string;
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
  const up = new Map<string, Candidate>();
  const waiting = new Map<string, Candidate>();
  const timer = createTimer();
  let untold = 0;
  let hasCritical = false;
  let isNews = false; // there is something to say about the rest
  let hasPut = false; // the last time it was a toast's turn

  function skip({ isCritical }: Pick<Candidate, "isCritical">): void {
    untold++;
    hasCritical ||= isCritical;
    isNews = true;
  }

  /** The last of these that is not critical; undefined where all are. */
  function lastPlain(all: Map<string, Candidate>): string | undefined {
    return [...all].reverse().find(([, { isCritical }]) => !isCritical)?.[0];
  }

  /** False where there is no room for it. */
  function put(one: Candidate): boolean {
    if (!up.has(one.id) && up.size >= most()) {
      const plain = one.isCritical ? lastPlain(up) : undefined;
      skip(plain === undefined ? one : { isCritical: false });
      if (plain === undefined) return false;
      up.delete(plain);
      close(plain);
    }
    up.set(one.id, one);
    one.show();
    return true;
  }

  function putNext(): boolean {
    for (const one of [...waiting.values()]) {
      waiting.delete(one.id);
      if (put(one)) return true;
    }
    return false;
  }

  /** One thing at a time: a toast, or the number of the rest, in turn where both are due. */
  function flush(): void {
    if (!waiting.size && !isNews) return;
    timer.set(APART_MS, flush);
    hasPut = !(hasPut && isNews) && putNext();
    if (hasPut || !isNews) return;
    isNews = false;
    tellMore(untold, hasCritical);
  }

  /** What is waited with is no more than there is room for, either. */
  function wait(one: Candidate): void {
    if (waiting.size >= most() && !waiting.has(one.id)) {
      const plain = one.isCritical ? lastPlain(waiting) : undefined;
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
    /** Whether this notification is up, or waits for it. */
    holds: (of: string): boolean => [...up.values(), ...waiting.values()].some((one) => one.of === of),
    /** The notification was taken back. */
    remove: (of: string): void => {
      for (const [id, one] of waiting) if (one.of === of) waiting.delete(id);
      for (const [id, one] of up) if (one.of === of) close(id);
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
