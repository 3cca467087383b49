import { createConnection } from "./connection.ts";
import { createControls } from "./controls.ts";
import { digest } from "./digest.ts";
import { createHandlers } from "./handlers.ts";
import { createHttp } from "./http.ts";
import { createInbox, type Pending } from "./inbox.ts";
import { createLists, type List } from "./lists.ts";
import { createPresence } from "./presence.ts";
import { createRequests } from "./requests.ts";
import { createStore } from "./store.ts";
import type { TabSays } from "./tabs.ts";
import { createTokens, subjectOf } from "./token.ts";
import {
  type Acknowledgement,
  type Action,
  type ConnectionState,
  type ListOptions,
  type NotifierOptions,
  type NotifierState,
  type TokenReason,
} from "./types.ts";
import type { Frame, Hello } from "./wire.ts";

// The version of what tabs say to each other: pages of two releases of an application can be open at once.
const PROTOCOL = 1;

const HIDDEN_MS = 30_000;

// A list does not wait longer for the socket before it is fetched without.
const READY_MS = 2_000;

const IDLE: ConnectionState = {
  status: "idle",
  attempts: 0,
  retryAt: undefined,
  lastError: undefined,
  transport: undefined,
  isLeader: false,
};

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
  /** Change the state of these, or of all; shown at once and taken back if it fails: then it rejects. */
  mark: (action: Action, ids: readonly string[] | "all") => Promise<void>;
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
  let connection = IDLE;
  let hello: Hello | undefined;
  let clockOffset = 0;
  let cursor: string | undefined;
  let running = 0; // which start this is; 0 when stopped
  let starts = 0;
  let owner: string | undefined; // whom the tabs share the connection of
  let subject: string | undefined; // whom the last token was for
  let first: string | null | undefined; // the token that told who it is, for the first attempt to use
  let settle: (() => void) | undefined;
  let settled = Promise.resolve();

  const controls = createControls();
  const handlers = createHandlers();
  const inbox = createInbox();
  const tokens = createTokens(() => options.getToken);
  const locale = (): string => options.locale ?? "es";
  const base = (): string => (options.url ?? "").replace(/\/+$/, "");
  const http = createHttp(() => ({ url: base(), locale: locale(), identity: options.identity }), {
    current: tokens.current,
    ask: askToken,
  });
  const store = createStore((): NotifierState => ({
    connection,
    user: hello?.user ?? null,
    roles: hello?.roles ?? [],
    topics: hello?.topics ?? [],
    ...inbox.view(),
    clockOffset,
  }));
  const lists = createLists({
    inbox,
    http,
    items: () => store.getState().items,
    subscribe: store.subscribe,
    changed: store.changed,
    flush: store.flush,
    ready: async () => {
      await settled;
      return hello ? hello.user !== null : Boolean(options.getToken ?? options.identity?.user);
    },
  });

  const wire = createConnection({
    target: () => {
      const { origin, pathname } = new URL(
        base() || location.origin,
        typeof location === "undefined" ? undefined : location.href,
      );
      const path = `${pathname === "/" ? "" : pathname}/socket.io/`;
      return { url: origin, path, transports: options.transports ?? ["websocket", "polling"] };
    },
    credentials: async (reason) => {
      const token = await askToken(reason);
      if (options.getToken && token === null) return null;
      const key = options.key !== undefined && { key: options.key };
      return {
        ...options.identity,
        ...key,
        ...(token !== null && { token }),
        ...(cursor && { cursor }),
        locale: locale(),
      };
    },
    token: askToken,
    frame: (frame) => {
      apply(frame);
      presence.post({ say: "frame", frame });
    },
    state: (changes) => {
      const isLeader = presence.leading();
      show({ ...connection, ...changes, isLeader });
      if (isLeader) presence.post({ say: "state", connection });
      if (changes.status === "unauthorized") {
        presence.resign(); // another tab may have a better token
        show({ ...connection, isLeader: false });
      }
    },
  });

  const presence = createPresence({
    pauseAfter: () => options.pauseWhenHidden ?? HIDDEN_MS,
    refused: () => connection.status === "unauthorized",
    open: wire.open,
    close: wire.close,
    retryNow: wire.retryNow,
    hear,
  });
  const requests = createRequests(wire.request, presence, () => connection.status === "connected");

  async function askToken(reason: TokenReason): Promise<string | null> {
    const token = reason === "connect" && first !== undefined ? first : await tokens.ask(reason);
    first = undefined;
    const user = token === null ? undefined : subjectOf(token);
    const before = subject;
    subject = user ?? subject;
    if (before !== undefined && user !== undefined && user !== before) {
      // Somebody else has logged in: nothing of the one before is left, and the tabs are another's.
      stop();
      clear();
      start(user);
      throw new Error("another user");
    }
    return token;
  }

  function show(state: ConnectionState): void {
    connection = state;
    if (state.status !== "connecting" && state.status !== "idle") settle?.();
    store.flush();
  }

  function apply(frame: Frame): void {
    switch (frame.event) {
      case "ns:hello":
        greet(frame.body);
        break;
      case "ns:sync":
        keep(frame.body.cursor);
        if (!frame.body.recovered) {
          inbox.expire();
          lists.renew();
          options.onUnrecovered?.();
        }
        break;
      case "ns:state":
        inbox.change(frame.body);
        break;
      case "notification":
        keep(frame.body.cursor);
        if (!handlers.isNew(frame.body.id)) return;
        inbox.receive(frame.body);
        handlers.tell(frame.body);
        break;
    }
    if (frame.event !== "notification") controls.tell(frame.event, frame.body);
    store.changed();
  }

  function greet(said: Hello): void {
    const missed = cursor !== undefined && !said.recovered;
    if (hello && hello.user !== said.user) clear();
    hello = said;
    clockOffset = Date.parse(said.server_time) - Date.now();
    inbox.greet(said.counts);
    settle?.();
    if (missed) return; // the server says what that means with `ns:sync`
    cursor ??= said.cursor;
    lists.renew();
  }

  function keep(position: string): void {
    cursor = position;
    options.storage?.setItem(storageKey(), position);
  }

  const storageKey = (): string => `sio-server|${base()}|${owner ?? ""}`;

  function clear(): void {
    options.storage?.removeItem(storageKey());
    tokens.forget();
    handlers.forget();
    inbox.clear();
    lists.clear();
    hello = cursor = subject = first = undefined;
    store.flush();
  }

  function hear(said: TabSays): void {
    const leading = presence.leading();
    if (said.say === "signed_out") return signedOut();
    if (leading) {
      if (said.say === "ask") {
        // What came meanwhile is in the inbox; a tab that joins begins where this one stands.
        const now = hello && { ...hello, cursor: cursor ?? hello.cursor, recovered: true };
        presence.post({ say: "answer", connection, hello: now, counts: inbox.counts(), offset: clockOffset });
      } else if (said.say === "retry") wire.retryNow();
      else if (said.say === "request") void requests.relay(said);
      return;
    }
    if (said.say === "reply") requests.replied(said);
    if (said.say === "frame") apply(said.frame);
    if (said.say === "state" || said.say === "answer") {
      show({ ...said.connection, isLeader: false });
      presence.retryAt(said.connection.retryAt);
    }
    if (said.say === "answer" && said.hello && !hello) {
      const { counts, ...rest } = said.hello;
      greet({ ...rest, ...((said.counts ?? counts) && { counts: said.counts ?? counts }) });
      clockOffset = said.offset;
      store.changed();
    }
  }

  /** Who this is for has to be known first: tabs share a connection with those of the same user alone. */
  function start(user = options.user ?? options.identity?.user): void {
    if (running) return;
    const mine = (running = ++starts);
    settled = new Promise((resolve) => (settle = resolve));
    setTimeout(() => settle?.(), READY_MS);
    if (user !== undefined || !options.getToken) return join(user);
    show({ ...IDLE, status: "connecting" });
    tokens.current().then(
      (token) => {
        if (mine !== running) return;
        first = token;
        if (token !== null) join((subject = subjectOf(token)));
        else show({ ...IDLE, status: "unauthorized", lastError: "signed_out" });
      },
      () => {
        if (mine === running) join(undefined);
      },
    );
  }

  function join(user: string | undefined): void {
    owner = user;
    cursor ??= options.storage?.getItem(storageKey()) ?? undefined;
    const name = `sio-server.${PROTOCOL}|${base()}|${JSON.stringify([user, options.identity, digest(options.key)])}`;
    // With somebody unknown nothing is shared: the next tab's unknown may be somebody else.
    const known = user !== undefined || !options.getToken;
    presence.join(name, known && options.tabs !== "own");
  }

  function stop(): void {
    running = 0;
    presence.leave();
    settle?.();
  }

  function signedOut(): void {
    stop();
    clear();
    show({ ...IDLE, status: "unauthorized", lastError: "signed_out" });
  }

  async function mark(action: Action, ids: readonly string[] | "all"): Promise<void> {
    if (ids.length === 0) return;
    const all = ids === "all";
    const asked: Pending = { action, ids: all ? undefined : new Set(ids), upTo: all ? inbox.newest() : 0 };
    if (hello?.user === null) {
      inbox.keep(asked); // without a user there is no inbox on the server either
      store.flush();
      return;
    }
    inbox.begin(asked);
    store.flush();
    const since = inbox.version();
    try {
      const { up_to, counts } = await http.mark(action, all ? undefined : ids, asked.upTo);
      // Else the socket has said so already, and perhaps what came after it.
      if (inbox.version() === since) inbox.keep(all ? { ...asked, upTo: up_to ?? asked.upTo } : asked);
      inbox.recount(counts, since);
    } finally {
      inbox.end(asked);
      store.flush();
    }
  }

  return {
    getState: store.getState,
    subscribe: store.subscribe,
    on: handlers.on,
    onControl: controls.on,
    request: requests.request,
    list: lists.list,
    mark,
    retryNow: presence.retryNow,
    signOut: () => {
      presence.post({ say: "signed_out" });
      signedOut();
    },
    update: (fresh) => {
      options = fresh;
    },
    start,
    close: () => {
      stop();
      clear();
    },
  };
}
