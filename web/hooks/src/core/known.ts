import { createControls } from "./controls.ts";
import { createFrames } from "./frames.ts";
import { createGreeting } from "./greeting.ts";
import { createHandlers } from "./handlers.ts";
import { createHttp } from "./http.ts";
import { createInbox } from "./inbox.ts";
import { createLists } from "./lists.ts";
import { createMarks } from "./marks.ts";
import type { Place } from "./place.ts";
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

/** Everything that is known of one user's notifications, however it got here. */
export function createKnown(options: () => NotifierOptions, place: Place, subject: Subject) {
  let connection = IDLE;
  const [controls, handlers, inbox, greeting] = [createControls(), createHandlers(), createInbox(), createGreeting()];
  const target = () => ({ url: baseOf(options()), locale: localeOf(options()), identity: options().identity });
  const http = createHttp(target, subject);
  const store = createStore((): NotifierState => ({ connection, ...greeting.view(), ...inbox.view() }));
  const lists = createLists({
    inbox,
    http,
    items: () => store.getState().items,
    subscribe: store.subscribe,
    changed: store.changed,
    flush: store.flush,
    ready: async () => {
      await greeting.settled();
      const { getToken, identity } = options();
      return greeting.hello() ? greeting.hello()?.user !== null : Boolean(getToken ?? identity?.user);
    },
  });

  function clear(): void {
    for (const part of [place, subject, handlers, greeting]) part.forget();
    inbox.clear();
    lists.clear();
    store.flush();
  }

  function show(state: ConnectionState): void {
    connection = state;
    if (state.status !== "connecting" && state.status !== "idle") greeting.settle();
    store.flush();
  }

  const unrecovered = (): void => options().onUnrecovered?.();
  const around = { place, greeting, inbox, lists, handlers, controls, clear, changed: store.changed, unrecovered };
  const anonymous = (): boolean => greeting.hello()?.user === null;
  const mark = createMarks({ inbox, http, anonymous, flush: store.flush });
  const frames = createFrames(around);
  return { ...around, store, frames, mark, show, connection: (): ConnectionState => connection };
}

export type Known = ReturnType<typeof createKnown>;
