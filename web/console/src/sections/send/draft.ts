import {
  PRIORITIES,
  type EventType,
  type FieldKind,
  type NotificationRecord,
  type Priority,
  type PublishBody,
} from "../../api/records.ts";
import { isSafeLink } from "../../ui/SafeLink.tsx";
import { dueOf, type Unit } from "./due.ts";
import { draftTextsOf, textsOf } from "./languages.ts";

/** What is in the form: texts, as they were typed. */
export interface Draft {
  type: string;
  title: string;
  message: string;
  /** In other languages than the server's own. */
  texts: DraftText[];
  fields: Record<string, string>;
  extra: string;
  audience: "catalog" | "custom";
  all: boolean;
  roles: string[];
  users: string[];
  topics: string[];
  except: string[];
  priority: Priority | "";
  ttl: string;
  link: string;
  key: string;
  persist: boolean;
  collapse_key: string;
  group: string;
  category: string;
  image: string;
  icon: string;
  actions: DraftAction[];
  due: "now" | "in" | "at";
  deliver_in: string;
  unit: Unit;
  deliver_at: string;
}

/** What it says in one language, by its tag (BCP 47). */
export interface DraftText {
  tag: string;
  title: string;
  message: string;
}

/** Something that its reader can do: the button's text, what an answer names, and where it leads if it is a link. */
export interface DraftAction {
  id: string;
  label: string;
  link: string;
  /** Goes along as it is: there is no input for it. */
  value: unknown;
}

export type Problem = "integer" | "number" | "json" | "object" | "date" | "link" | "moment";
/** What is wrong, by the name of the field in the request: `title`, `data.usuario_id`, `ttl`. */
export type Problems = Record<string, Problem>;

export function emptyDraft(type: string): Draft {
  return {
    type,
    title: "",
    message: "",
    texts: [],
    fields: {},
    extra: "",
    audience: "catalog",
    all: false,
    roles: [],
    users: [],
    topics: [],
    except: [],
    priority: "",
    ttl: "",
    link: "",
    key: "",
    persist: true,
    collapse_key: "",
    group: "",
    category: "",
    image: "",
    icon: "",
    actions: [],
    due: "now",
    deliver_in: "1",
    unit: "hours",
    deliver_at: "",
  };
}

/** The draft that says what a published notification said. */
export function draftOf(record: NotificationRecord, kind: EventType | undefined): Draft {
  const known = kind?.data ?? {};
  const fields: Record<string, string> = {};
  const extra: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(record.data)) {
    if (!(name in known)) extra[name] = value;
    else fields[name] = textOf(value);
  }
  return {
    ...emptyDraft(record.type),
    title: record.title ?? "",
    message: record.message,
    texts: draftTextsOf(record),
    fields,
    extra: Object.keys(extra).length === 0 ? "" : JSON.stringify(extra, null, 2),
    audience: "custom",
    all: record.audience.all,
    roles: record.audience.roles,
    users: record.audience.users,
    topics: record.audience.topics,
    except: record.audience.except.users,
    priority: PRIORITIES.includes(record.priority) ? record.priority : "",
    link: record.link ?? "",
    persist: record.persist !== false,
    collapse_key: record.collapse_key ?? "",
    group: record.group ?? "",
    category: record.category ?? "",
    image: record.image ?? "",
    icon: record.icon ?? "",
    actions: (record.actions ?? []).map(({ id, label, link, value }) => ({ id, label, link: link ?? "", value })),
  };
}

/** The request that a draft stands for, and what is wrong with its fields by name. */
export function bodyOf(draft: Draft, kind: EventType | undefined): { body: PublishBody; problems: Problems } {
  const problems: Problems = {};
  const data: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(kind?.data ?? {})) {
    const text = draft.fields[name] ?? "";
    if (text.trim() === "") continue;
    const read = valueOf(text, field);
    if ("problem" in read) problems[`data.${name}`] = read.problem;
    else data[name] = read.value;
  }
  if (draft.extra.trim() !== "") {
    const extra = jsonOf(draft.extra);
    if (typeof extra === "object" && extra !== null && !Array.isArray(extra)) Object.assign(data, extra);
    else problems.data = "object";
  }
  if (draft.link !== "" && !isSafeLink(draft.link)) problems.link = "link";
  if (draft.ttl !== "" && !isWhole(draft.ttl, 1)) problems.ttl = "integer";
  const body: PublishBody = { type: draft.type };
  if (draft.title.trim() !== "") body.title = draft.title;
  if (draft.message.trim() !== "") body.message = draft.message;
  const texts = textsOf(draft.texts);
  if (texts !== undefined) body.texts = texts;
  body.data = data;
  if (draft.audience === "custom") body.audience = audienceOf(draft);
  if (draft.priority !== "") body.priority = draft.priority;
  if (draft.link !== "") body.link = draft.link;
  if (draft.ttl !== "" && problems.ttl === undefined) body.ttl = Number(draft.ttl);
  if (!draft.persist) body.persist = false;
  if (draft.key.trim() !== "") body.idempotency_key = draft.key.trim();
  for (const name of LINES) if (draft[name].trim() !== "") body[name] = draft[name].trim();
  const actions = draft.actions.filter(({ id, label, link }) => (id + label + link).trim() !== "");
  if (actions.length > 0) body.actions = actions.map(actionOf);
  Object.assign(body, dueOf(draft, problems));
  return { body, problems };
}

/** What an answer may name, from what the button says: `¡Sí, quiero!` is `si-quiero`. */
function idFrom(label: string): string {
  const plain = label.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  return plain.replace(/[^a-z0-9_]+/g, "-").replace(/^-|-$/g, "");
}

const LINES = ["collapse_key", "group", "category", "image", "icon"] as const;

function actionOf({ id, label, link, value }: DraftAction): NonNullable<PublishBody["actions"]>[number] {
  const named = { id: id.trim() === "" ? idFrom(label) : id.trim(), label: label.trim() };
  return { ...named, ...(link.trim() !== "" && { link: link.trim() }), ...(value !== undefined && { value }) };
}

function audienceOf(draft: Draft): NonNullable<PublishBody["audience"]> {
  const audience: NonNullable<PublishBody["audience"]> = {};
  if (draft.all) audience.all = true;
  else {
    if (draft.roles.length > 0) audience.roles = draft.roles;
    if (draft.users.length > 0) audience.users = draft.users;
    if (draft.topics.length > 0) audience.topics = draft.topics;
  }
  if (draft.except.length > 0) audience.except = { users: draft.except };
  return audience;
}

type Read = { value: unknown } | { problem: Problem };

function valueOf(text: string, kind: FieldKind): Read {
  switch (kind) {
    case "integer":
      return isWhole(text.trim()) ? { value: Number(text) } : { problem: "integer" };
    case "number":
      return Number.isFinite(Number(text)) ? { value: Number(text) } : { problem: "number" };
    case "date":
      return isDate(text.trim()) ? { value: text.trim() } : { problem: "date" };
    case "boolean":
      return { value: text === "true" };
    case "array":
    case "object": {
      const value = jsonOf(text);
      const fits =
        kind === "array" ? Array.isArray(value) : typeof value === "object" && value !== null && !Array.isArray(value);
      return fits ? { value } : { problem: "json" };
    }
    default:
      return { value: text };
  }
}

/** Further out two numbers in a row are the same to JavaScript. */
function isWhole(text: string, least = Number.MIN_SAFE_INTEGER): boolean {
  return /^-?\d+$/.test(text) && Number(text) >= least && Number(text) <= Number.MAX_SAFE_INTEGER;
}

/** A day that there is, with or without a time (ISO 8601). JavaScript takes February 30 for March 2. */
function isDate(text: string): boolean {
  const day = /^(\d{4}-\d{2}-\d{2})(T.+)?$/.exec(text)?.[1];
  if (day === undefined || Number.isNaN(Date.parse(text)) || Number.isNaN(Date.parse(day))) return false;
  return new Date(day).toISOString().startsWith(day);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Names in the templates of an audience: `{usuario_id}` is `usuario_id`. */
export function namesNeeded(kind: EventType): string[] {
  const { roles, users, topics } = kind.audience;
  return [...roles, ...users, ...topics].flatMap((template) =>
    [...template.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? ""),
  );
}

/** The draft for another type: for the same people, with the texts and the fields that both have. `kept` was its own. */
export function carriedOver(from: Draft, type: string, kind: EventType | undefined, kept: Draft | null): Draft {
  const base = kept ?? emptyDraft(type);
  const fields = { ...base.fields };
  for (const name of Object.keys(kind?.data ?? {})) {
    const text = from.fields[name] ?? "";
    if (text.trim() !== "") fields[name] = text;
  }
  const { audience, all, roles, users, topics, except } = from;
  return {
    ...base,
    type,
    fields,
    title: from.title === "" ? base.title : from.title,
    message: from.message === "" ? base.message : from.message,
    texts: from.texts.length === 0 ? base.texts : from.texts,
    audience,
    all,
    roles,
    users,
    topics,
    except,
  };
}

/** The draft with a value in each field of its type that is empty. */
export function withExample(draft: Draft, data: Record<string, unknown>): Draft {
  const fields = { ...draft.fields };
  for (const [name, value] of Object.entries(data)) {
    if ((fields[name] ?? "").trim() === "") fields[name] = textOf(value);
  }
  return { ...draft, fields };
}

/** What stands in an input for a value. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
