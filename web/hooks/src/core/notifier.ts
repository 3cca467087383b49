import type { createHandlers } from "./handlers.ts";
import { createKnown, IDLE } from "./known.ts";
import { createLife } from "./life.ts";
import type { List } from "./lists.ts";
import { createPlace } from "./place.ts";
import { createSubject } from "./subject.ts";
import { localeOf } from "./target.ts";
import { createTokens } from "./token.ts";
import type { createHttp } from "./http.ts";
import type { Acknowledgement, Action, AnyItem, ListOptions, NotifierOptions, NotifierState, Which } from "./types.ts";

export const NO_STATE: NotifierState = {
  connection: IDLE,
  user: null,
  roles: [],
  topics: [],
  counts: { unread: 0, unseen: 0 },
  items: [],
  clockOffset: 0,
};

export interface Notifier {
  getState: () => NotifierState;
  subscribe: (listener: () => void) => () => void;
  /** Call `handler` for each live notification of these types (`"*"`: all); returns what ends it. */
  on: ReturnType<typeof createHandlers>["on"];
  /** Call `handler` for each control event of this name (`ns:…`), in every tab; returns what ends it. */
  onControl: (event: string, handler: (body: unknown) => void) => () => void;
  /** Send an event and wait for the server's answer, whichever tab holds the socket. Rejects with `NotifierError`. */
  request: (event: string, body: unknown) => Promise<Acknowledgement>;
  /** A list of the inbox; the same object for the same options. It is kept up to date while it is subscribed to. */
  list: (options?: ListOptions) => List;
  /** Change the state of these, of all or of a group; shown at once and taken back if it fails: then it rejects. */
  mark: (action: Action, which: Which) => Promise<void>;
  /** Answer a notification with one of its actions; shown at once, and taken back if it fails: then it rejects. */
  act: (id: string, action: string) => Promise<void>;
  /** Ask the server over HTTP as this user: `call("GET", "/v1/topics")`. Rejects with `NotifierError`. */
  call: ReturnType<typeof createHttp>["call"];
  /** Items that were asked for by `call`, for the state to hold. */
  learn: (items: readonly AnyItem[]) => void;
  retryNow: () => void;
  /** Nothing of this user stays, in any tab. */
  signOut: () => void;
  /** The same user with other callbacks or settings; they count from the next time they are needed. */
  update: (options: NotifierOptions) => void;
  start: () => void;
  close: () => void;
}

/** Everything between a page and its notifications on one server. It does nothing before `start`. */
export function createNotifier(initial: NotifierOptions = {}): Notifier {
  let options = initial;
  const current = (): NotifierOptions => options;
  const place = createPlace(() => options.storage);
  const tokens = createTokens(() => options.getToken);
  const subject = createSubject(tokens, (user) => {
    life.become(user);
  });
  const known = createKnown(current, place, subject);
  const life = createLife(current, known, subject);
  return {
    getState: known.store.getState,
    subscribe: known.store.subscribe,
    on: known.handlers.on,
    onControl: known.controls.on,
    request: life.request,
    list: known.lists.list,
    mark: known.mark,
    act: known.act,
    call: known.http.call,
    learn: (items) => {
      known.inbox.learn(items, false);
      known.changed();
    },
    retryNow: life.retryNow,
    signOut: life.signOut,
    update: (fresh) => {
      const before = localeOf(options);
      options = fresh;
      if (localeOf(fresh) !== before) life.translate();
    },
    start: life.start,
    close: life.close,
  };
}
