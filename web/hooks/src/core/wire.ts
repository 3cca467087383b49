// What goes over the socket besides notifications, as two interfaces for socket.io-client.
import type { Action, AnyEnvelope, ServerCounts } from "./types.ts";

export interface Hello {
  user: string | null;
  roles: string[];
  topics: string[];
  /** The position that the connection starts at. */
  cursor: string;
  recovered: boolean;
  counts?: ServerCounts;
  server_time: string;
}

export interface Sync {
  recovered: boolean;
  replayed: number;
  cursor: string;
}

export interface StateChange {
  action: Action;
  ids?: string[];
  /** The `seq` that a change of all reached. */
  up_to?: number;
  counts: ServerCounts;
}

export interface Closing {
  code: string;
  reconnect: boolean;
}

export interface ServerEvents {
  "ns:hello": (hello: Hello) => void;
  "ns:sync": (sync: Sync) => void;
  "ns:state": (change: StateChange) => void;
  "ns:auth_expiring": (notice: { expires_in_ms: number }) => void;
  "ns:draining": (notice: { retry_in_ms: number }) => void;
  "ns:closing": (closing: Closing) => void;
}

export type Reply = { ok: true } | { ok: false; error: { code: string; detail: string } };

export interface ClientEvents {
  "ns:ack": (body: { seq: number }) => void;
  "ns:auth": (body: { token: string }, acknowledge: (reply: Reply) => void) => void;
}

export const CONTROL = "ns:";

/** What one tab hands to the others: control events as they came, and notifications. */
export type Frame =
  | { event: "ns:hello"; body: Hello }
  | { event: "ns:sync"; body: Sync }
  | { event: "ns:state"; body: StateChange }
  | { event: "notification"; body: AnyEnvelope };

/** The `connect_error` of a server that refused. */
export interface Refusal extends Error {
  data?: { code?: string; retryable?: boolean };
}
