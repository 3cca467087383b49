import { isHidden } from "./page.ts";
import { createTimer } from "./timers.ts";
import type { ConnectionState } from "./types.ts";

// A server that restarts is back by then as a rule; and whom it lost does not ask in the same instant.
const FIRST_MS = 5_000;
const EVERY_MS = 30_000;
const MOST_MS = 300_000;

/** What is in the way of a live connection, as far as HTTP tells. */
export type Obstacle = "blocked" | "origin_not_allowed";

interface Around {
  /** Fetch what is looked at, over HTTP; false where HTTP does not answer either. */
  refresh: () => Promise<boolean>;
  /** Whether a server answers there, on another site, whom this page may not hear. */
  isElsewhere: () => Promise<boolean>;
  /** Whether HTTP could be the better way after this failure: nothing is known of it but that nobody answered. */
  isVague: (code: string | undefined) => boolean;
  retryNow: () => void;
  found: (obstacle: Obstacle) => void;
}

/**
 * While no live connection comes about, asks over HTTP now and then: an ad blocker or a proxy may be in the way of the
 * one and not of the other. Then lists and counters go on, slowly, and it can be said what is wrong.
 *
 * Returns what is to be told how the connection stands, whenever that changes.
 */
export function createMeanwhile({ refresh, isElsewhere, isVague, retryNow, found }: Around) {
  const timer = createTimer();
  let trouble: object | undefined; // the time without a connection that is now
  let attempts = 0;
  let code: string | undefined;
  let answered: number | undefined; // after how many attempts HTTP answered
  let pause = EVERY_MS;
  let wasConnected = false;

  async function look(mine: object): Promise<void> {
    if (!isHidden() && isVague(code)) {
      const answers = await refresh();
      const isForbidden = !answers && !wasConnected && (await isElsewhere());
      if (mine !== trouble) return;
      pause = answers ? EVERY_MS : Math.min(MOST_MS, 2 * pause);
      if (isForbidden) found("origin_not_allowed");
      if (!answers) answered = undefined;
      else if (answered === undefined) {
        answered = attempts;
        retryNow(); // it may just have come back: only if this fails, too, there is something in the way
      }
    }
    if (mine === trouble) wait(mine, pause);
  }

  function wait(mine: object, ms: number): void {
    timer.set(ms * (1 + Math.random()), () => void look(mine));
  }

  return (now: ConnectionState): void => {
    attempts = now.attempts;
    code = now.lastError;
    if (now.status === "connected") wasConnected = true;
    if (now.status === "reconnecting" || now.status === "offline") {
      if (!trouble) wait((trouble = {}), FIRST_MS);
      else if (answered !== undefined && attempts > answered) found("blocked");
    } else if (now.status !== "connecting") {
      timer.clear();
      trouble = answered = undefined;
      pause = EVERY_MS;
    }
  };
}
