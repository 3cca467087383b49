import { guarded } from "./guard.ts";
import { createTimer } from "./timers.ts";

// Milliseconds between two updates of what is shown: a thousand events a second are not a thousand renders.
const FRAME_MS = 50;

/**
 * An immutable state for `useSyncExternalStore`: made anew from `build` when something changed, at once the first time
 * and then at most once a frame.
 */
export function createStore<State>(build: () => State) {
  const listeners = new Set<() => void>();
  let state = build();
  const timer = createTimer();
  let last = 0;

  function flush(): void {
    timer.clear();
    last = Date.now();
    state = build();
    for (const listener of [...listeners]) guarded(listener);
  }

  return {
    getState: (): State => state,
    subscribe: (listener: () => void): (() => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    flush,
    changed: (): void => {
      const since = Date.now() - last;
      // A clock that was set back must not put it off.
      if (since >= FRAME_MS || since < 0) flush();
      else if (!timer.isSet()) timer.set(FRAME_MS - since, flush);
    },
  };
}
