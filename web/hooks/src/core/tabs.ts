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

/**
 * Who of the tabs holds the connection: the one that holds a lock (Web Locks API), which the browser takes back when the
 * tab closes or crashes. Where there are no locks, each tab leads for itself.
 */
export function joinTabs(name: string, shared: boolean, on: TabEvents) {
  const locks = shared && typeof navigator !== "undefined" && "locks" in navigator ? navigator.locks : undefined;
  const channel = locks && typeof BroadcastChannel !== "undefined" ? new BroadcastChannel(name) : undefined;
  const looks = `${name}|visible`;
  let leading = false;
  let waiting: AbortController | undefined;
  let release: (() => void) | undefined;
  let unlook: (() => void) | undefined;
  let answer: ReturnType<typeof setTimeout> | undefined;

  function lead(): void {
    clearTimeout(answer);
    leading = true;
    on.lead();
  }

  function contend(steal = false): void {
    if (leading || (waiting && !steal)) return;
    if (!locks || !channel) return lead();
    waiting?.abort();
    const mine = (waiting = new AbortController());
    locks
      .request(name, steal ? { steal } : { signal: mine.signal }, () => {
        if (mine !== waiting) return undefined;
        lead();
        return new Promise<void>((resolve) => (release = resolve));
      })
      .catch(() => {
        // Given up by us, or taken from us: then stand in line again.
        if (mine !== waiting) return;
        waiting = release = undefined;
        leading = false;
        on.follow();
        contend();
      });
  }

  function resign(): void {
    clearTimeout(answer);
    const mine = waiting;
    waiting = undefined;
    leading = false;
    release?.();
    release = undefined;
    mine?.abort();
  }

  function post(said: TabSays): void {
    channel?.postMessage(said);
  }

  /** Find out whether the leader lives; one that is frozen, and so keeps its lock, is succeeded. */
  function ask(): void {
    if (leading || !channel || !waiting) return;
    clearTimeout(answer);
    answer = setTimeout(() => {
      contend(true);
    }, ANSWER_MS);
    post({ say: "ask" });
  }

  if (channel) {
    channel.onmessage = ({ data }: MessageEvent<TabSays>) => {
      if (data.say !== "ask") clearTimeout(answer);
      on.hear(data);
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
    locks
      .request(looks, { mode: "shared", signal: abort.signal }, () => new Promise<void>((resolve) => (gone = resolve)))
      .catch(() => undefined);
  }

  return {
    contend,
    resign,
    post,
    ask,
    look,
    leading: () => leading,
    anyVisible: async (): Promise<boolean> => {
      const held = (await locks?.query())?.held ?? [];
      return held.some((lock) => lock.name === looks);
    },
    close(): void {
      resign();
      look(false);
      channel?.close();
    },
  };
}

export type Tabs = ReturnType<typeof joinTabs>;
