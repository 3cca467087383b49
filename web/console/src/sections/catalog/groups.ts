import type { EventType } from "../../api/records.ts";

export interface TypeGroup {
  /** What the names of its types begin with: `reserva` of `reserva_creada`; empty for those that stand alone. */
  prefix: string;
  types: EventType[];
}

/** Types by what their names begin with, in the order of the catalogue; those that share it with none come last. */
export function grouped(types: readonly EventType[]): TypeGroup[] {
  const groups = new Map<string, EventType[]>();
  for (const kind of types) {
    const prefix = prefixOf(kind.type);
    groups.set(prefix, [...(groups.get(prefix) ?? []), kind]);
  }
  const alone = [...groups].filter(([, members]) => members.length === 1).flatMap(([, members]) => members);
  const together = [...groups].filter(([, members]) => members.length > 1);
  const made = together.map(([prefix, members]) => ({ prefix, types: members }));
  return alone.length === 0 ? made : [...made, { prefix: "", types: alone }];
}

function prefixOf(type: string): string {
  return type.split(/[_.:-]/u, 1)[0] ?? "";
}
