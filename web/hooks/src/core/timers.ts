// The one place that starts timers: the delay of each is held to what a browser can count.

// They keep a delay in 32 bits, so that what is longer (24.8 days) fires at once.
export const LONGEST_MS = 2_147_483_647;

// What is no number must neither fire at once, again and again, nor never.
const UNKNOWN_MS = 1_000;

export type Cancel = () => void;

/** Call once, so many milliseconds from now: never for `Infinity`. Returns what takes it back. */
export function after(ms: number, call: () => void): Cancel {
  let left = Number.isNaN(ms) ? UNKNOWN_MS : Math.max(0, ms);
  let timer: ReturnType<typeof setTimeout> | undefined;

  function arm(): void {
    const step = Math.min(left, LONGEST_MS);
    left -= step;
    timer = setTimeout(() => {
      if (left > 0) arm();
      else call();
    }, step);
  }

  if (left !== Infinity) arm();
  return () => {
    clearTimeout(timer);
  };
}

/** Call again and again, until what is returned is called. */
export function every(ms: number, call: () => void): Cancel {
  const timer = createTimer();
  const again = (): void => {
    timer.set(ms, () => {
      again();
      call();
    });
  };
  again();
  return timer.clear;
}

/** One thing that is due later, or nothing: what is set takes the place of what was. */
export function createTimer() {
  let cancel: Cancel | undefined;

  function clear(): void {
    cancel?.();
    cancel = undefined;
  }

  return {
    clear,
    set: (ms: number, call: () => void): void => {
      clear();
      cancel = after(ms, () => {
        cancel = undefined;
        call();
      });
    },
    isSet: (): boolean => cancel !== undefined,
  };
}

/** What `wait` resolves with, if it does in time: else it rejects with `late()`. */
export function within<Value>(ms: number, wait: PromiseLike<Value>, late: () => Error): Promise<Value> {
  return new Promise((resolve, reject) => {
    const cancel = after(ms, () => {
      reject(late());
    });
    wait.then(
      (value) => {
        cancel();
        resolve(value);
      },
      (error: unknown) => {
        cancel();
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}
