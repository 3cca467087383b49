// What goes over the socket besides notifications, as two interfaces for socket.io-client.
import type { AnyEnvelope, Answered } from "./types.ts";
import type { components } from "./wire.gen.ts";

type Schemas = components["schemas"];
type Bodies = Schemas["ServerEvents"];

export type Hello = Schemas["Hello"];
export type Sync = Schemas["Sync"];
export type StateChange = Schemas["StateChange"];
export type Closing = Schemas["Closing"];

/** What the inbox answers over HTTP. */
export type InboxPage = Schemas["InboxPage"];
export type Marked = Schemas["Marked"];

export type ServerEvents = { [Name in keyof Bodies]: (body: Bodies[Name]) => void };

/** Those that the kit sends of its own accord. */
export interface ClientEvents {
  "ns:ack": (body: Schemas["Ack"], acknowledge?: (reply: Schemas["Done"] | Schemas["Refused"]) => void) => void;
  "ns:auth": (body: Schemas["Token"], acknowledge: (reply: Schemas["Renewed"] | Schemas["Refused"]) => void) => void;
}

export const CONTROL = "ns:";

type Shared = "ns:hello" | "ns:sync" | "ns:state";

/** A notification was taken back. */
export interface Removed {
  id: string;
  seq: number;
  cursor: string;
}

/** What became of notifications and topics since. A server that is older says none of it. */
export type News =
  | { event: "ns:updated"; body: AnyEnvelope }
  | { event: "ns:removed"; body: Removed }
  | { event: "ns:answered"; body: Answered & { id: string } }
  | { event: "ns:topics"; body: { topics: string[] } };

/** What one tab hands to the others: control events as they came, and notifications. */
export type Frame =
  | { [Name in Shared]: { event: Name; body: Bodies[Name] } }[Shared]
  | { event: "notification"; body: AnyEnvelope }
  | News;

/** The `connect_error` of a server that refused. */
export interface Refusal extends Error {
  data?: Partial<Schemas["Problem"]>;
}
