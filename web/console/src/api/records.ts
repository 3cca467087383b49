/** What the server says, as its OpenAPI document describes it. */

export const PRIORITIES = ["low", "normal", "high", "critical"] as const;
export type Priority = (typeof PRIORITIES)[number];

export interface Audience {
  roles: string[];
  users: string[];
  topics: string[];
  all: boolean;
  except: { users: string[] };
}

export interface NotificationRecord {
  id: string;
  seq: number;
  cursor: string;
  type: string;
  title: string | null;
  message: string;
  data: Record<string, unknown>;
  timestamp: string;
  priority: Priority;
  link: string | null;
  actor: { id: string; name?: string | null } | null;
  expires_at: string | null;
  /** Only on what is not stored, in the live stream. */
  persist?: false;
  audience: Audience;
  source: string | null;
  /** Connections it was handed to; only in the live stream. */
  sockets?: number;
}

export interface HistoryPage {
  items: NotificationRecord[];
  next_before: number | null;
}

export interface UserReceipt {
  user: string;
  sent: boolean;
  acknowledged: boolean;
  seen: boolean;
  read: boolean;
}

export interface Receipts {
  targeted: number;
  sent: number;
  acknowledged: number;
  seen: number;
  read: number;
  users: UserReceipt[];
  next_after: string | null;
}

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

export interface Latency {
  p50: number;
  p95: number;
  p99?: number;
  count?: number;
}

export interface Stats {
  connections: { total: number; by_role: Record<string, number>; by_transport: Record<string, number> };
  users: { total: number; by_role: Record<string, number> };
  publishes: { accepted: number; duplicates: number };
  deliveries: number;
  head: { seq: number; cursor: string };
  uptime: number;
  draining: boolean;
  refused?: number;
  queued_bytes?: number;
  version?: string;
  node?: string;
  latency_ms?: Latency | null;
}

export interface StatsSample {
  /** Unix seconds. */
  at: number;
  connections: number;
  users: number;
  published: number;
  delivered: number;
  refused: number;
  latency_ms: Latency | null;
}

export interface RecentStats {
  step: number;
  samples: StatsSample[];
}

export interface ServerError {
  at: string;
  code: string;
  status: number;
  detail: string;
  method: string;
  path: string;
  request_id: string | null;
}

export interface UserConnection {
  id?: string;
  protocol: string;
  transport: string;
  since: string;
  address?: string;
  client?: string | null;
  rooms?: string[];
  queued_bytes?: number;
  replaying?: boolean;
}

export interface ConnectedUser {
  user: string;
  roles: string[];
  topics?: string[];
  connections: UserConnection[];
}

export interface Users {
  total: number;
  users: ConnectedUser[];
  nameless?: (UserConnection & { roles: string[] })[];
  next_after: string | null;
}

export interface InboxItem extends Omit<NotificationRecord, "audience" | "source"> {
  replayed: boolean;
  seen: boolean;
  read: boolean;
  archived: boolean;
}

export interface InboxPage {
  items: InboxItem[];
  next_before: number | null;
  counts: { unread: number; unseen: number; at_seq: number };
}

export interface SessionReply {
  version?: string;
  development: boolean;
  credential: "development" | "key" | "token" | null;
  user: string | null;
  roles: string[];
  may: { observe: boolean; publish: boolean };
}

export interface PublishReply {
  status: "ok";
  id: string;
  seq: number;
  cursor: string;
  type: string;
  recipients: { sockets: number };
  duplicate: boolean;
  warnings: string[];
}

export interface PublishBody {
  type: string;
  message?: string;
  title?: string;
  data?: Record<string, unknown>;
  audience?: { roles?: string[]; users?: string[]; topics?: string[]; all?: boolean; except?: { users: string[] } };
  priority?: Priority;
  link?: string;
  ttl?: number;
  persist?: boolean;
  idempotency_key?: string;
}

export interface AudiencePreview {
  audience: Audience;
  users: number;
  online: { users: number; sockets: number };
  warnings: string[];
  missing: string[];
}

export interface FieldProblem {
  field: string;
  detail: string;
}
