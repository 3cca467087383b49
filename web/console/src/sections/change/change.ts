import type { NotificationRecord, Priority } from "../../api/records.ts";
import { isSafeLink } from "../../ui/SafeLink.tsx";
import { momentFrom, written } from "../history/when.ts";

/** What can be changed, whether it was delivered or waits. */
export type Changeable = Pick<NotificationRecord, "id" | "title" | "message" | "link" | "priority" | "data"> &
  Pick<NotificationRecord, "group" | "category" | "image" | "icon"> & { revision?: number };

/** What of a notification can be changed, as texts in a form. */
export interface Editable {
  title: string;
  message: string;
  link: string;
  priority: Priority;
  group: string;
  category: string;
  image: string;
  icon: string;
  data: string;
  /** When it is delivered, as `momentFrom` reads it; of one that was delivered it stays empty. */
  deliver_at: string;
}

export type Field = keyof Editable;
export type Problem = "object" | "link" | "moment";

export interface Change {
  field: Field;
  before: string;
  after: string;
}

export interface Changes {
  list: readonly Change[];
  /** What the server is asked for: null takes a member out. */
  body: Readonly<Record<string, unknown>>;
  problems: Partial<Record<Field, Problem>>;
}

const FIELDS = [
  ...(["title", "message", "link", "priority", "group"] as const),
  ...(["category", "image", "icon", "data", "deliver_at"] as const),
] as const satisfies readonly Field[];

export function editableOf(record: Changeable, due: string | null): Editable {
  return {
    title: record.title ?? "",
    message: record.message,
    link: record.link ?? "",
    priority: record.priority,
    group: record.group ?? "",
    category: record.category ?? "",
    image: record.image ?? "",
    icon: record.icon ?? "",
    data: JSON.stringify(record.data, null, 2),
    deliver_at: written(due),
  };
}

/** What differs between what is there and what was written, and what is wrong with it. */
export function changesOf(before: Editable, after: Editable): Changes {
  const list = FIELDS.filter((field) => before[field].trim() !== after[field].trim()).map((field) => ({
    field,
    before: before[field],
    after: after[field],
  }));
  const body: Record<string, unknown> = {};
  const problems: Changes["problems"] = {};
  for (const { field, after: text } of list) {
    const { value, problem } = valueOf(field, text.trim());
    if (problem === undefined) body[field] = value;
    else problems[field] = problem;
  }
  return { list, body, problems };
}

function valueOf(field: Field, text: string): { value?: unknown; problem?: Problem } {
  switch (field) {
    case "data": {
      const value = text === "" ? {} : objectFrom(text);
      return value === null ? { problem: "object" } : { value };
    }
    case "deliver_at": {
      const value = momentFrom(text);
      return value === null ? { problem: "moment" } : { value };
    }
    case "link":
      return text !== "" && !isSafeLink(text) ? { problem: "link" } : { value: text === "" ? null : text };
    default:
      return { value: text === "" ? null : text };
  }
}

function objectFrom(text: string): unknown {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === "object" && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
