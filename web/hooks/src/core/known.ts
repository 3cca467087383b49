import { advise } from "./advice.ts";
import { createControls } from "./controls.ts";
import { createFrames } from "./frames.ts";
import { createGreeting } from "./greeting.ts";
import { guarded } from "./guard.ts";
import { createHandlers } from "./handlers.ts";
import { createHttp } from "./http.ts";
import { createInbox } from "./inbox.ts";
import { createLists } from "./lists.ts";
import { createMarks } from "./marks.ts";
import type { Obstacle } from "./meanwhile.ts";
import type { Place } from "./place.ts";
import { answers } from "./reachable.ts";
import { createStore } from "./store.ts";
import type { Subject } from "./subject.ts";
import { baseOf, localeOf } from "./target.ts";
import type { ConnectionState, NotifierOptions, NotifierState } from "./types.ts";

export const IDLE: ConnectionState = {
  status: "idle",
  attempts: 0,
  retryAt: undefined,
  lastError: undefined,
  transport: undefined,
  isLeader: false,
};

/** A failure that says no more than that nothing was heard. */
export const isVague = (code: string | undefined): boolean => code === "network" || code === "timeout";

/** Everything that is known of one user's notifications, however it got here. */
export function createKnown(options: () => NotifierOptions, place: Place, subject: Subject) {
  let connection = IDLE;
  let obstacle: Obstacle | undefined;
  let shown: ((now: ConnectionState) => void) | undefined;
  const [controls, handlers, inbox, greeting] = [createControls(), createHandlers(), createInbox(), createGreeting()];
  const target = () => ({ url: baseOf(options()), locale: localeOf(options()), identity: options().identity });
  const http = createHttp(target, subject);
  const store = createStore((): NotifierState => ({ connection, ...greeting.view(), ...inbox.view() }));
  /** Whether there is an inbox to ask for, as far as that is known. */
  const inboxed = (): boolean => {
    const { getToken, identity } = options();
    return greeting.hello() ? greeting.hello()?.user !== null : Boolean(getToken ?? identity?.user);
  };
  const lists = createLists({
    inbox,
    http,
    items: () => store.getState().items,
    subscribe: store.subscribe,
    changed: store.changed,
    flush: store.flush,
    ready: async () => {
      await greeting.settled();
      return inboxed();
    },
  });

  function clear(): void {
    for (const part of [place, subject, handlers, greeting]) part.forget();
    inbox.clear();
    lists.clear();
    store.flush();
  }

  /** Over HTTP, while nothing comes live: one small answer tells whether there is anything to fetch. */
  async function refresh(): Promise<boolean> {
    if (!inboxed()) return answers(baseOf(options()));
    const since = inbox.version();
    const before = inbox.counts();
    const page = await http.page({ status: "all", types: [], limit: 1, before: undefined }).catch(() => undefined);
    if (!page) return false;
    inbox.recount(page.counts, since);
    if (page.counts.at_seq !== before?.at_seq || page.counts.unread !== before.unread) lists.renew();
    store.changed();
    return true;
  }

  function show(state: ConnectionState): void {
    const { status, lastError } = state;
    if (status === "connected" || status === "idle") obstacle = undefined;
    connection = obstacle && isVague(lastError) ? { ...state, lastError: obstacle } : state;
    if (status !== "connecting" && status !== "idle") greeting.settle();
    store.flush();
    shown?.(connection);
  }

  /** This is in the way of the connection, and says more than that nobody answered. */
  function blame(what: Obstacle): void {
    if (obstacle === what || !isVague(connection.lastError)) return;
    obstacle = what;
    advise(what, { url: baseOf(options()) });
    show(connection);
  }

  const whenShown = (call: (now: ConnectionState) => void): void => void (shown = call);
  const unrecovered = (): void => {
    guarded(options().onUnrecovered);
  };
  const around = { place, greeting, inbox, lists, handlers, controls, clear, changed: store.changed, unrecovered };
  const anonymous = (): boolean => greeting.hello()?.user === null;
  const marks = createMarks({ inbox, http, anonymous, flush: store.flush });
  const frames = createFrames(around);
  const shownAs = { show, whenShown, blame, refresh, connection: (): ConnectionState => connection };
  return { ...around, ...shownAs, store, frames, http, ...marks };
}

export type Known = ReturnType<typeof createKnown>;
