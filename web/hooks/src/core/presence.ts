import { isHidden, watchPage } from "./page.ts";
import { joinTabs, type Tabs, type TabSays } from "./tabs.ts";
import { type Cancel, createTimer, every } from "./timers.ts";

// A visible tab finds out this often whether the tab that leads still answers.
const ASK_EVERY_MS = 15_000;

// After the time at which the tab that leads should have tried again.
const NUDGE_MS = 200;

export interface PresenceSetup {
  /** Milliseconds hidden after which no connection is needed; `Infinity` for never. */
  pauseAfter: () => number;
  /** Whether the server said no: of its own accord nobody asks it again. */
  refused: () => boolean;
  open: () => void;
  close: () => void;
  retryNow: () => void;
  hear: (said: TabSays) => void;
}

/** Whether this tab, among all of its user, holds the connection now: it leads, and some tab is looked at. */
export function createPresence(setup: PresenceSetup) {
  let tabs: Tabs | undefined;
  let unwatch: Cancel | undefined;
  let asking: Cancel | undefined;
  const nudge = createTimer();
  let longHidden = false;

  function join(name: string, shared: boolean): void {
    tabs = joinTabs(name, shared, {
      lead: () => {
        setup.open();
        if (longHidden) void pause();
      },
      follow: setup.close,
      hear: setup.hear,
    });
    tabs.contend();
    unwatch = watchPage(setup.pauseAfter, {
      visible: wake,
      hidden: () => tabs?.look(false),
      longHidden: () => {
        longHidden = true;
        void pause();
      },
      online: resume,
      leave: () => {
        setup.close();
        tabs?.resign();
      },
      restore: wake,
    });
    asking = every(ASK_EVERY_MS, () => {
      if (!isHidden()) tabs?.ask();
    });
    tabs.ask();
  }

  /** No tab is looked at: whoever leads gives the connection up until one is. */
  async function pause(): Promise<void> {
    if (!tabs?.leading()) return void tabs?.post({ say: "hidden" });
    if (await tabs.anyVisible()) return;
    if (longHidden) setup.close(); // still, after that
  }

  function wake(): void {
    longHidden = false;
    tabs?.look(true);
    resume();
    tabs?.ask();
  }

  function resume(): void {
    if (!setup.refused()) retryNow();
  }

  function retryNow(): void {
    if (!tabs) return;
    tabs.contend();
    if (tabs.leading()) setup.retryNow();
    else tabs.post({ say: "retry" });
  }

  return {
    join,
    retryNow,
    pause,
    /** Timers of a hidden tab run late, messages do not: whoever is looked at keeps the time for the one that leads. */
    retryAt: (due: number | undefined): void => {
      nudge.clear();
      if (due && !isHidden()) nudge.set(due - Date.now() + NUDGE_MS, retryNow);
    },
    leading: (): boolean => tabs?.leading() ?? false,
    joined: (): boolean => tabs !== undefined,
    resign: (): void => tabs?.resign(),
    post: (said: TabSays): boolean => tabs?.post(said) ?? false,
    leave: (): void => {
      unwatch?.();
      asking?.();
      nudge.clear();
      setup.close();
      tabs?.close();
      tabs = unwatch = undefined;
    },
  };
}

export type Presence = ReturnType<typeof createPresence>;
