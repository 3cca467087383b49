import type { EventType, FieldKind } from "../../api/records.ts";

const VALUES: Record<FieldKind, unknown> = {
  id: "42",
  string: "texto",
  integer: 2,
  number: 49.5,
  boolean: true,
  object: {},
  array: [],
  date: "2026-12-24",
};

/** A request of this type that the server takes. */
export function exampleOf(kind: EventType): { type: string; data: Record<string, unknown> } {
  const data = Object.fromEntries(Object.entries(kind.data).map(([name, field]) => [name, VALUES[field]]));
  return { type: kind.type, data };
}
