import type { AnyNotification as CatalogNotification, Envelope, EventMap } from "./events.gen.ts";

/**
 * Where an application registers the event types of its own catalogue:
 *
 *     declare module "@sio-server/react" {
 *       interface Register { events: import("./events.gen").EventMap }
 *     }
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- merging fills it
export interface Register {}

/** The event types: the registered ones, else those the server comes with. */
export type Events = Register extends { events: infer Own } ? Own : EventMap;
export type EventName = Extract<keyof Events, string>;
export type AnyNotification = Register extends { events: infer Own } ? Own[keyof Own] : CatalogNotification;

export interface ItemState {
  seen: boolean;
  read: boolean;
  archived: boolean;
  /** What this user has answered, on whichever device. */
  answered?: Answered;
}

/** Which of a notification's buttons was chosen, and when. */
export interface Answered {
  action: string;
  at: string;
}

/** A button that a notification brings along. */
export interface EnvelopeAction {
  id: string;
  label: string;
  link?: string;
  value?: unknown;
}

/** What a notification has besides, where there is something to say. */
export interface Extras {
  collapse_key?: string;
  /** The `id` of the notification whose place it takes. */
  replaces?: string;
  /** The `id` of the first of those that took each other's place: all of them are one item. */
  thread?: string;
  group?: string;
  actions?: readonly EnvelopeAction[];
  image?: string;
  icon?: string;
  category?: string;
  /** How often it was changed since it was published. */
  revision?: number;
  updated_at?: string;
}

/** A notification as it stands in the user's inbox: what was published, and its state. */
export type NotificationItem<Name extends EventName = EventName> = Events[Name] & Extras & ItemState;

/** What the kit itself knows of a notification, whatever its type. */
export type AnyEnvelope = Envelope<string, Record<string, unknown>> & Extras;
export type AnyItem = AnyEnvelope & ItemState;

/** The server's counters: of everything up to `at_seq`; live items above it come on top. */
export interface ServerCounts {
  unread: number;
  unseen: number;
  at_seq: number;
}

export interface Counts {
  unread: number;
  unseen: number;
}

/** What stays the same when a newer notification takes the place of an item. */
export const keyOf = ({ id, thread }: Pick<AnyEnvelope, "id" | "thread">): string => thread ?? id;

export type Action = "seen" | "read" | "unread" | "archive" | "unarchive";
export type ListStatus = "all" | "unread" | "archived";

export interface ListOptions {
  /** `all` and `unread` hold nothing archived, `archived` nothing else. Default: `all`. */
  status?: ListStatus | undefined;
  /** Only these event types. */
  types?: readonly string[] | undefined;
  /** Only what was published with this `group`. */
  group?: string | undefined;
  /** Items in one page, at most 100. Default: 25. */
  limit?: number | undefined;
}

/** Which notifications to mark: these, all, or those of a group. */
export type Which = readonly string[] | "all" | { readonly group: string };

export interface ListState {
  readonly items: readonly AnyItem[];
  /** Nothing has come yet. */
  readonly isLoading: boolean;
  readonly isFetching: boolean;
  readonly error: Error | undefined;
  readonly hasMore: boolean;
}

/**
 * `idle` not wanted now (not started, or every tab is hidden), `offline` the browser has no network, `unauthorized`
 * the server will not have this user: it takes a new token, another user or `retryNow` to go on.
 */
export type ConnectionStatus = "idle" | "connecting" | "connected" | "reconnecting" | "offline" | "unauthorized";

export interface ConnectionState {
  readonly status: ConnectionStatus;
  /** Failed attempts since it was last connected. */
  readonly attempts: number;
  /** When the next attempt is due, in milliseconds of this machine's clock. */
  readonly retryAt: number | undefined;
  /**
   * The code of what failed last: the server's, or one of the kit's own: `network`, `timeout`, `blocked` (HTTP answers,
   * the live connection does not come about), `origin_not_allowed`, `invalid_url`, `signed_out`, `token_failed`,
   * `token_timeout`, `token_malformed`.
   */
  readonly lastError: string | undefined;
  readonly transport: string | undefined;
  /** Whether this tab holds the socket that all tabs of the user share. */
  readonly isLeader: boolean;
}

/** Why a token is asked for: to connect, because it is about to expire, or because the server refused the last one. */
export type TokenReason = "connect" | "expiring" | "rejected";
export type GetToken = (reason: TokenReason) => string | null | undefined | Promise<string | null | undefined>;

/** Who a client says it is to a server in development mode, where nothing verifies it. */
export interface DevelopmentIdentity {
  user?: string;
  role?: string;
  topics?: readonly string[];
}

export type Transport = "websocket" | "polling";
export type PlaceStorage = Pick<Storage, "getItem" | "setItem" | "removeItem">;

export interface NotifierOptions {
  /** Where the server is: `https://avisos.example.com`, or a path before `/socket.io/` and `/v1/`. Default: this site. */
  url?: string | undefined;
  /** Whose notifications these are. Without it the token's `sub` tells. */
  user?: string | undefined;
  /** A token for the server; `null` when nobody is logged in. */
  getToken?: GetToken | undefined;
  /** A publisher key: the connection of a backend or of a console, which has no user and no inbox. */
  key?: string | undefined;
  /** Development mode: who to be. */
  identity?: DevelopmentIdentity | undefined;
  /** `shared`: one connection for all tabs of the browser; `own`: one a tab. Default: `shared`. */
  tabs?: "shared" | "own" | undefined;
  /** Milliseconds hidden after which the connection is given up, `false` or `Infinity` for never. Default: 30,000. */
  pauseWhenHidden?: number | false | undefined;
  /** In the order in which they are tried. Default: `websocket`, `polling`. */
  transports?: Transport[] | undefined;
  /** The language of the server's texts. Default: `es`. */
  locale?: string | undefined;
  /**
   * Where the position is kept over a reload, so that what came meanwhile is replayed. `local` and `session` are the
   * browser's, where they may be used. Default: nowhere.
   */
  storage?: "local" | "session" | PlaceStorage | undefined;
  /** Something was missed for good; the lists have been fetched anew. */
  onUnrecovered?: (() => void) | undefined;
}

export interface NotifierState {
  readonly connection: ConnectionState;
  readonly user: string | null;
  readonly roles: readonly string[];
  readonly topics: readonly string[];
  readonly counts: Counts;
  /** Everything that is known, newest first. */
  readonly items: readonly AnyItem[];
  /** What to add to this machine's clock to have the server's, in milliseconds. */
  readonly clockOffset: number;
}

/** What the server answers to an event of a client. */
export type Acknowledgement =
  | { readonly ok: true; readonly [name: string]: unknown }
  | { readonly ok: false; readonly error: { readonly code: string; readonly detail: string } };

export class NotifierError extends Error {
  override name = "NotifierError";
  /** The server's stable code, or `network`. */
  readonly code: string;
  readonly status: number | undefined;

  constructor(code: string, message: string, status?: number) {
    super(message);
    this.code = code;
    this.status = status;
  }
}
