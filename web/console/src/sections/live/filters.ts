import type { NotificationRecord } from "../../api/records.ts";

export interface Filters {
  types: string[];
  role: string | null;
  text: string;
}

export const NO_FILTERS: Filters = { types: [], role: null, text: "" };

/** The filters as an address has them: `texto=colca&tipo=test,tour_creado&rol=admin`. */
export function filtersOf(fields: URLSearchParams): Filters {
  return {
    types: (fields.get("tipo") ?? "").split(",").filter((type) => type !== ""),
    role: fields.get("rol"),
    text: fields.get("texto") ?? "",
  };
}

export function fieldsOf({ types, role, text }: Filters): Record<string, string | null> {
  return { tipo: types.join(","), rol: role, texto: text };
}

/** How many of them narrow the stream down, the text left out. */
export function countOf({ types, role }: Filters): number {
  return (types.length > 0 ? 1 : 0) + (role === null ? 0 : 1);
}

const texts = new WeakMap<NotificationRecord, string>();

/** What a search looks at, worked out once for each record. */
function textOf(record: NotificationRecord): string {
  let text = texts.get(record);
  if (text === undefined) {
    const { id, type, title, message, data } = record;
    text = `${id}\n${type}\n${title ?? ""}\n${message}\n${JSON.stringify(data)}`.toLowerCase();
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
      (wanted === "" || String(record.seq) === wanted || textOf(record).includes(wanted)),
  );
}
