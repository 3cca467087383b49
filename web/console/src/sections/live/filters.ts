import type { NotificationRecord } from "../../api/records.ts";

export interface Filters {
  types: string[];
  role: string | null;
  text: string;
}

export const NO_FILTERS: Filters = { types: [], role: null, text: "" };

const texts = new WeakMap<NotificationRecord, string>();

/** What a search looks at, worked out once for each record. */
function textOf(record: NotificationRecord): string {
  let text = texts.get(record);
  if (text === undefined) {
    text = `${record.type}\n${record.title ?? ""}\n${record.message}\n${JSON.stringify(record.data)}`.toLowerCase();
    texts.set(record, text);
  }
  return text;
}

/** The records that pass; the same array where nothing is filtered. */
export function sieve(
  records: readonly NotificationRecord[],
  { types, role, text }: Filters,
): readonly NotificationRecord[] {
  const wanted = text.trim().toLowerCase();
  if (types.length === 0 && role === null && wanted === "") return records;
  return records.filter(
    (record) =>
      (types.length === 0 || types.includes(record.type)) &&
      (role === null || record.audience.all || record.audience.roles.includes(role)) &&
      (wanted === "" || textOf(record).includes(wanted)),
  );
}
