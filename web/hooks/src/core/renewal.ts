import { createTimer } from "./timers.ts";

// Between two asks for a newer token on a live connection, at the least: whatever the server says, and how often.
const LEAST_MS = 5_000;

/**
 * When to ask for a newer token on a connection whose token runs out. `ask` resolves with whether one was taken: it may
 * be that the application has none yet, and gives the old one again.
 */
export function createRenewal(ask: () => Promise<boolean>) {
  const timer = createTimer();
  let asking = false;
  let last = -Infinity;

  const pause = (left: number): number => Math.max(LEAST_MS, left / 2);

  async function renew(end: number): Promise<void> {
    if (asking) return;
    asking = true;
    last = Date.now();
    const renewed = await ask().catch(() => false);
    asking = false;
    const left = end - Date.now();
    if (!renewed && left > 0) timer.set(pause(left), () => void renew(end));
  }

  return {
    /** The token runs out in so many milliseconds. Told again, it is of a token that is as short-lived. */
    notice: (left: number): void => {
      const now = Date.now();
      // A clock that was set back must not put it off.
      const since = Math.max(0, now - last);
      timer.set(Math.max(0, pause(left) - since), () => void renew(now + left));
    },
    stop: timer.clear,
  };
}
