/** What the server takes and answers, by the names that the console has for it. */
import type { components } from "./records.gen.ts";

type Schemas = components["schemas"];

/** Without the members that nobody knows: the server takes them, the console sends none. */
type Known<T> = { [Name in keyof T as string extends Name ? never : Name]: T[Name] };

export type Priority = Schemas["Record"]["priority"];
export const PRIORITIES = ["low", "normal", "high", "critical"] as const satisfies readonly Priority[];

/** As the server answers it, with every member. */
export type Audience = Required<Omit<Schemas["Audience"], "except">> & { except: Required<Schemas["Except"]> };

interface Stated {
  actor: Schemas["Actor"] | null;
  audience: Audience;
}

export interface NotificationRecord extends Omit<Schemas["Record"], keyof Stated>, Stated {
  /** Only on what is not stored, in the live stream. */
  persist?: false;
  /** Connections it was handed to; only in the live stream. */
  sockets?: number;
}

export interface HistoryPage extends Omit<Schemas["HistoryPage"], "items"> {
  items: NotificationRecord[];
}

export type Receipts = Schemas["Receipts"];
export type RecordWithReceipts = NotificationRecord & { receipts: Receipts };

export interface Languages {
  es: string;
  en: string;
}

export type FieldKind = "id" | "string" | "integer" | "number" | "boolean" | "object" | "array" | "date";

export interface EventType {
  type: string;
  title: Languages;
  message: Languages;
  description: Languages;
  audience: Audience;
  priority: Priority;
  ttl: number | null;
  data: Record<string, FieldKind>;
}

export interface Catalog {
  types: EventType[];
}

export type Stats = Schemas["Stats"];
export type StatsSample = Schemas["Sample"];
export type RecentStats = Schemas["Recent"];

export type ServerError = Schemas["Refusal"];
export type ServerErrors = Schemas["ErrorsReply"];

export type UserConnection = Schemas["Connection"];
export type ConnectedUser = Schemas["ConnectedUser"];
export type Users = Schemas["UsersReply"];
export type Disconnected = Schemas["Disconnected"];

export type InboxItem = Schemas["InboxItem"];
export type InboxPage = Schemas["InboxPage"];

export type SessionReply = Schemas["Session"];

export type PublishBody = Known<Schemas["Publish"]>;
export type PublishReply = Schemas["Accepted"];

export interface BatchReply extends Omit<Schemas["BatchReply"], "results"> {
  results: (PublishReply | { status: "error"; error: Problem })[];
}

export interface AudiencePreview extends Omit<Schemas["PreviewReply"], "audience"> {
  audience: Audience;
}

export type Problem = Schemas["Problem"];
export type FieldProblem = Schemas["FieldProblem"];
