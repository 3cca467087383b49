// The one place that calls what is not ours: functions of the application, and parts of the browser that may refuse.

/** Call what may fail, at once or by the promise that it returns: then `failed` is told, and that is all. */
export function tolerate(call: () => unknown, failed: (error: unknown) => void): void {
  try {
    const answer = call() as PromiseLike<unknown> | undefined;
    if (typeof answer?.then === "function") answer.then(undefined, failed);
  } catch (error) {
    failed(error);
  }
}

/** Call a function of the application. What it throws is told to its developer and stops nothing here. */
export function guarded<Said extends unknown[]>(call: ((...said: Said) => unknown) | undefined, ...said: Said): void {
  tolerate(
    () => call?.(...said),
    (error) => {
      console.error(error);
    },
  );
}

/** What a part of the browser answers; undefined where it is missing, or is there and refuses. */
export function attempt<Value>(ask: () => Value): Value | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}
