import { attempt, guarded } from "./guard.ts";
import { createTimer, within } from "./timers.ts";
import type { Acknowledgement, ConnectionState, ServerCounts } from "./types.ts";
import type { Frame, Hello } from "./wire.ts";

/** What the tabs of one user say to each other. */
export type TabSays =
  | { say: "frame"; frame: Frame }
  | { say: "state"; connection: ConnectionState }
  /** Is anybody leading, and where do we stand? */
  | { say: "ask" }
  | {
      say: "answer";
      connection: ConnectionState;
      hello: Hello | undefined;
      counts: ServerCounts | undefined;
      offset: number;
    }
  | { say: "retry" }
  /** This tab has not been looked at for long: perhaps it was the last that was. */
  | { say: "hidden" }
  /** An event for the server, from a tab that has no socket; and the answer to it. */
  | { say: "request"; id: string; event: string; body: unknown }
  | { say: "reply"; id: string; reply: Acknowledgement }
  | { say: "signed_out" };

export interface TabEvents {
  /** This tab holds the connection from now on. */
  lead: () => void;
  /** It does no longer: another took over because this one did not answer. */
  follow: () => void;
  hear: (said: TabSays) => void;
}

// Long enough for a leader in a long task, short enough that a new one is connected within two seconds of its end: a
// closed tab gives its lock back at once; only one that is frozen has to be found out.
const ANSWER_MS = 3_000;

// Whoever is succeeded stands in line again, and a browser that takes the lock from everybody is not asked in a loop.
const AGAIN_MS = 200;
const MAX_LOSSES = 3;

/**
 * Who of the tabs holds the connection: the one that holds a lock (Web Locks API), which the browser takes back when the
 * tab closes or crashes. Where there are no locks, or they are there and refused (site data blocked, a sandboxed frame)
 * or never given, each tab leads for itself.
 */
export function joinTabs(name: string, shared: boolean, on: TabEvents) {
  const usable = shared && typeof AbortController !== "undefined"; // what waits for a lock has to be taken back
  let locks = usable ? attempt(() => navigator.locks as LockManager | undefined) : undefined;
  let channel = locks && attempt(() => new BroadcastChannel(name));
  const looks = `${name}|visible`;
  const [answer, again] = [createTimer(), createTimer()];
  let leading = false;
  let losses = 0; // of the lock before it was had, one after another
  let waiting: AbortController | undefined;
  let release: (() => void) | undefined;
  let unlook: (() => void) | undefined;

  function lead(): void {
    answer.clear();
    leading = true;
    on.lead();
  }

  function alone(): void {
    resign();
    attempt(() => channel?.close());
    locks = channel = undefined;
    lead();
  }

  function contend(steal = false): void {
    if (leading || (waiting && !steal)) return;
    again.clear();
    if (!locks || !channel) return lead();
    waiting?.abort();
    const mine = (waiting = new AbortController());
    request(locks, name, steal ? { steal } : { signal: mine.signal }, () => {
      if (mine !== waiting) return undefined;
      lead();
      return new Promise<void>((resolve) => (release = resolve));
    }).catch((error: unknown) => {
      if (mine !== waiting) return; // given up by us
      const aborted = (error as Error | undefined)?.name === "AbortError";
      losses = release ? 0 : losses + 1;
      if (!aborted || losses > MAX_LOSSES) return alone(); // refused: it would be the next time, too
      waiting = release = undefined;
      leading = false;
      on.follow();
      again.set(AGAIN_MS, contend);
    });
  }

  function resign(): void {
    answer.clear();
    again.clear();
    const mine = waiting;
    waiting = undefined;
    leading = false;
    release?.();
    release = undefined;
    mine?.abort();
  }

  /** False when it cannot be said: a value that is no JSON, or nobody to say it to. */
  function post(said: TabSays): boolean {
    const posted = attempt(() => {
      channel?.postMessage(said);
      return channel !== undefined;
    });
    return posted ?? false;
  }

  /** Find out whether the leader lives; one that is frozen, and so keeps its lock, is succeeded. */
  function ask(): void {
    if (leading || !channel || !waiting) return;
    answer.set(ANSWER_MS, () => {
      contend(true);
      answer.set(ANSWER_MS, alone); // not even that was answered
    });
    post({ say: "ask" });
  }

  if (channel) {
    const hear = ({ data }: MessageEvent<TabSays>): void => {
      if (data.say !== "ask") answer.clear();
      on.hear(data);
    };
    channel.onmessage = (said: MessageEvent<TabSays>) => {
      guarded(hear, said);
    };
  }

  /** All visible tabs hold this lock together, so whoever can have it alone knows that there is none. */
  function look(visible: boolean): void {
    unlook?.();
    unlook = undefined;
    if (!visible || !locks) return;
    const abort = new AbortController();
    let gone = (): void => {
      abort.abort();
    };
    unlook = () => {
      gone();
    };
    const held = (): Promise<void> => new Promise((resolve) => (gone = resolve));
    request(locks, looks, { mode: "shared", signal: abort.signal }, held).catch(() => undefined);
  }

  return {
    contend: (): void => {
      contend();
    },
    resign,
    post,
    ask,
    look,
    leading: () => leading,
    /** Without an answer there is none: it is asked by a tab that nobody looks at. */
    anyVisible: async (): Promise<boolean> => {
      const asked = attempt(() => locks?.query());
      const { held = [] } =
        (asked && (await within(ANSWER_MS, asked, () => new Error("late")).catch(() => undefined))) ?? {};
      return held.some((lock) => lock.name === looks);
    },
    close(): void {
      resign();
      look(false);
      attempt(() => channel?.close());
    },
  };
}

export type Tabs = ReturnType<typeof joinTabs>;

/** What it rejects with, whichever way the browser says no. */
async function request(
  locks: LockManager,
  name: string,
  options: LockOptions,
  held: () => Promise<void> | undefined,
): Promise<void> {
  await locks.request(name, options, held);
}
