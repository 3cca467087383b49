import { createConnection, REPLY_TIMEOUT_MS } from "./connection.ts";
import { createControls } from "./controls.ts";
import { createHandlers } from "./handlers.ts";
import { createHttp } from "./http.ts";
import { createInbox, type Pending } from "./inbox.ts";
import { createLists, type List } from "./lists.ts";
import { isHidden, watchPage } from "./page.ts";
import { createStore } from "./store.ts";
import { joinTabs, type Tabs, type TabSays } from "./tabs.ts";
import { createTokens, subjectOf } from "./token.ts";
import {
  type Acknowledgement,
  type Action,
  type ConnectionState,
  type ListOptions,
  NotifierError,
  type NotifierOptions,
  type NotifierState,
  type TokenReason,
} from "./types.ts";
import type { Frame, Hello } from "./wire.ts";

// The version of what tabs say to each other: pages of two releases of an application can be open at once.
const PROTOCOL = 1;

const HIDDEN_MS = 30_000;

// A visible tab finds out this often whether the tab that leads still answers.
const ASK_EVERY_MS = 15_000;

const NUDGE_MS = 200;

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
  let tabs: Tabs | undefined;
  let unwatch: (() => void) | undefined;
  let asking: ReturnType<typeof setInterval> | undefined;
  let running = 0; // which start this is; 0 when stopped
  let starts = 0;
  let owner: string | undefined; // whom the tabs share the connection of
  let subject: string | undefined; // whom the last token was for
  let first: string | null | undefined; // the token that told who it is, for the first attempt to use
  let longHidden = false;
  let nudge: ReturnType<typeof setTimeout> | undefined;
  let settle: (() => void) | undefined;
  let settled = Promise.resolve();

  const controls = createControls();
  const answers = new Map<string, (reply: Acknowledgement) => void>(); // to what this tab asked the one that leads
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
      tabs?.post({ say: "frame", frame });
    },
    state: (changes) => {
      const isLeader = tabs?.leading() ?? false;
      show({ ...connection, ...changes, isLeader });
      if (isLeader) tabs?.post({ say: "state", connection });
      if (changes.status === "unauthorized") {
        tabs?.resign(); // another tab may have a better token
        show({ ...connection, isLeader: false });
      }
    },
  });

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
    const leading = tabs?.leading() ?? false;
    if (said.say === "signed_out") return signedOut();
    if (leading) {
      if (said.say === "ask") {
        // What came meanwhile is in the inbox; a tab that joins begins where this one stands.
        const now = hello && { ...hello, cursor: cursor ?? hello.cursor, recovered: true };
        tabs?.post({ say: "answer", connection, hello: now, counts: inbox.counts(), offset: clockOffset });
      } else if (said.say === "retry") wire.retryNow();
      else if (said.say === "request") void relay(said.id, said.event, said.body);
      return;
    }
    if (said.say === "reply") answers.get(said.id)?.(said.reply);
    if (said.say === "frame") apply(said.frame);
    if (said.say === "state" || said.say === "answer") {
      show({ ...said.connection, isLeader: false });
      // Timers of a hidden tab run late, messages do not: whoever is looked at keeps the time for it.
      clearTimeout(nudge);
      const due = said.connection.retryAt;
      if (due && !isHidden()) nudge = setTimeout(retryNow, due - Date.now() + NUDGE_MS);
    }
    if (said.say === "answer" && said.hello && !hello) {
      const { counts, ...rest } = said.hello;
      greet({ ...rest, ...((said.counts ?? counts) && { counts: said.counts ?? counts }) });
      clockOffset = said.offset;
      store.changed();
    }
  }

  async function request(event: string, body: unknown): Promise<Acknowledgement> {
    if (tabs?.leading()) return wire.request(event, body);
    if (!tabs || connection.status !== "connected") throw new NotifierError("network", "not connected");
    const id = crypto.getRandomValues(new Uint32Array(4)).join("-");
    const answer = new Promise<Acknowledgement>((resolve) => answers.set(id, resolve));
    const late = new Promise<null>((resolve) => setTimeout(resolve, REPLY_TIMEOUT_MS, null));
    tabs.post({ say: "request", id, event, body });
    const reply = await Promise.race([answer, late]);
    answers.delete(id);
    if (reply === null || (!reply.ok && reply.error.code === "network"))
      throw new NotifierError("network", `no answer to ${event}`);
    return reply;
  }

  /** Ask the server what another tab wants to know. */
  async function relay(id: string, event: string, body: unknown): Promise<void> {
    let reply: Acknowledgement;
    try {
      reply = await wire.request(event, body);
    } catch {
      reply = { ok: false, error: { code: "network", detail: "" } };
    }
    tabs?.post({ say: "reply", id, reply });
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
    tabs = joinTabs(name, known && options.tabs !== "own", {
      lead: () => {
        wire.open();
        if (longHidden) void pause();
      },
      follow: wire.close,
      hear,
    });
    tabs.contend();
    unwatch = watchPage(() => options.pauseWhenHidden ?? HIDDEN_MS, {
      visible: wake,
      hidden: () => tabs?.look(false),
      longHidden: () => {
        longHidden = true;
        void pause();
      },
      online: resume,
      leave: () => {
        wire.close();
        tabs?.resign();
      },
      restore: wake,
    });
    asking = setInterval(() => {
      if (!isHidden()) tabs?.ask();
    }, ASK_EVERY_MS);
    tabs.ask();
  }

  /** No tab is looked at: whoever leads gives the connection up until one is. */
  async function pause(): Promise<void> {
    if (!tabs?.leading() || (await tabs.anyVisible())) return;
    if (longHidden) wire.close();
  }

  function wake(): void {
    longHidden = false;
    tabs?.look(true);
    resume();
    tabs?.ask();
  }

  /** Of its own accord nobody asks again a server that said no. */
  function resume(): void {
    if (connection.status !== "unauthorized") retryNow();
  }

  function retryNow(): void {
    if (!tabs) return;
    tabs.contend();
    if (tabs.leading()) wire.retryNow();
    else tabs.post({ say: "retry" });
  }

  function stop(): void {
    running = 0;
    unwatch?.();
    clearInterval(asking);
    clearTimeout(nudge);
    wire.close();
    tabs?.close();
    tabs = unwatch = undefined;
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
    request,
    list: lists.list,
    mark,
    retryNow,
    signOut: () => {
      tabs?.post({ say: "signed_out" });
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

/** Tells keys apart without giving one away: the names of locks and channels can be listed (FNV-1a, 32 bits). */
function digest(key: string | undefined): number | undefined {
  if (key === undefined) return undefined;
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}
