// Milliseconds between two updates of what is shown: a thousand events a second are not a thousand renders.
const FRAME_MS = 50;

/**
 * An immutable state for `useSyncExternalStore`: made anew from `build` when something changed, at once the first time
 * and then at most once a frame.
 */
export function createStore<State>(build: () => State) {
  const listeners = new Set<() => void>();
  let state = build();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = 0;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    last = Date.now();
    state = build();
    for (const listener of [...listeners]) listener();
  }

  return {
    getState: (): State => state,
    subscribe: (listener: () => void): (() => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    flush,
    changed: (): void => {
      const wait = last + FRAME_MS - Date.now();
      if (wait <= 0) flush();
      else timer ??= setTimeout(flush, wait);
    },
  };
}
