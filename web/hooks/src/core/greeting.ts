import { after } from "./timers.ts";
import type { NotifierState } from "./types.ts";
import type { Hello } from "./wire.ts";

/** What the server said at the beginning: who this is, and what time it is there. */
export function createGreeting() {
  let hello: Hello | undefined;
  let clockOffset = 0;
  let settle: (() => void) | undefined;
  let settled = Promise.resolve();

  return {
    hello: (): Hello | undefined => hello,
    clockOffset: (): number => clockOffset,
    view: (): Pick<NotifierState, "user" | "roles" | "topics" | "clockOffset"> => {
      const { user = null, roles = [], topics = [] } = hello ?? {};
      return { user, roles, topics, clockOffset };
    },
    /** Another tab heard it, and worked the offset out when it did. */
    take: (said: Hello, offset = Date.parse(said.server_time) - Date.now()): void => {
      hello = said;
      clockOffset = Number.isFinite(offset) ? offset : 0;
      settle?.();
    },
    /** The topics that this user follows have become these. */
    follow: (topics: string[]): void => {
      if (hello) hello = { ...hello, topics };
    },
    forget: (): void => {
      hello = undefined;
    },
    /** From now on there is something to wait for: at most so many milliseconds. */
    expect: (most: number): void => {
      settled = new Promise((resolve) => {
        settle = resolve;
        after(most, resolve);
      });
    },
    settle: (): void => settle?.(),
    settled: (): Promise<void> => settled,
  };
}

export type Greeting = ReturnType<typeof createGreeting>;
