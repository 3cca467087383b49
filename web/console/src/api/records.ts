/** What the server takes and answers, by the names that the console has for it. */
import type { components } from "./records.gen.ts";

type Schemas = components["schemas"];

/** Without the members that nobody knows: the server takes them, the console sends none. */
type Known<T> = { [Name in keyof T as string extends Name ? never : Name]: T[Name] };

export type Audience = Schemas["AudienceReply"];
export type Priority = Schemas["Record"]["priority"];
export const PRIORITIES = ["low", "normal", "high", "critical"] as const satisfies readonly Priority[];

/** A notification of the log, or of the live stream, which says more of it. */
export type NotificationRecord = Schemas["Record"] &
  Partial<Pick<Schemas["ObservedItem"], "persist" | "sockets">> &
  Partial<Pick<Schemas["RecordReply"], "status" | "replaced_by" | "answers">>;
export type Observed = Schemas["Observed"];
export type HistoryPage = Schemas["HistoryPage"];
/** One that waits to be delivered, and a page of those. */
export type ScheduledRecord = Schemas["ScheduledRecord"];
export type ScheduledPage = Schemas["ScheduledPage"];
export type Receipts = Schemas["Receipts"];
export type RecordWithReceipts = Schemas["RecordReply"];
/** One that was asked for by its id and has no place in the log: it waits, or ended before it was delivered. */
export type WaitingRecord = Schemas["WaitingReply"];
export type EndedRecord = Schemas["EndedReply"];

/** What became of a notification and of those that took each other's place. */
export type NotificationHistory = Schemas["HistoryReply"];

export type Trace = Schemas["Trace"];
export type UserTrace = Schemas["UserTrace"];

export type Catalog = Schemas["Catalog"];
export type EventType = Schemas["EventType"];
export type FieldKind = EventType["data"][string];

export type Stats = Schemas["Stats"];
export type StatsSample = Schemas["Sample"];
export type RecentStats = Schemas["Recent"];

export type ServerError = Schemas["Refusal"];
export type ServerErrors = Schemas["ErrorsReply"];

export type UserConnection = Schemas["Connection"];
export type ConnectedUser = Schemas["ConnectedUser"];
export type Users = Schemas["UsersReply"];
/** Whether a user is here, on any node, and a page of those who are. */
export type Here = Schemas["Here"];
export type Presence = Schemas["PresenceReply"];
/** The nodes that share a log. */
export type ServerNode = Schemas["Node"];
export type ServerNodes = Schemas["NodesReply"];
export type Disconnected = Schemas["Disconnected"];

/** Topics that somebody follows; who follows one; what a user follows. */
export type FollowedTopics = Schemas["FollowedTopicsReply"];
export type Followers = Schemas["FollowersReply"];
export type UserTopics = Schemas["UserTopicsReply"];

export type InboxItem = Schemas["InboxItem"];
export type InboxPage = Schemas["InboxPage"];

/** What lets somebody be a guest, once and soon; and what it is exchanged for. */
export type Pass = Schemas["Pass"];
export type Entrance = Schemas["Entrance"];

export type SessionReply = Schemas["Session"];

export type PublishBody = Known<Schemas["Publish"]>;
export type PublishReply = Schemas["Accepted"];
/** The answer to what is delivered later. */
export type PlannedReply = Schemas["Planned"];

export interface BatchReply extends Omit<Schemas["BatchReply"], "results"> {
  results: (PublishReply | { status: "error"; error: Problem })[];
}

export type AudiencePreview = Schemas["PreviewReply"];

export type KeysReply = Schemas["KeysReply"];
export type PublisherKey = Schemas["Key"];

export type Problem = Schemas["Problem"];
export type FieldProblem = Schemas["FieldProblem"];
