/** What of the log is looked for; null and nothing stand for any. */
export interface Search {
  /** Words, an id, or a number of the log. */
  text: string;
  type: string | null;
  role: string | null;
  priority: string | null;
  user: string;
  /** Moments, RFC 3339. */
  since: string | null;
  until: string | null;
}

/** The search as an address has it: `texto=colca&tipo=test&desde=2026-11-27T09:00:00.000Z`. */
export function searchOf(fields: URLSearchParams): Search {
  return {
    text: fields.get("texto") ?? "",
    type: fields.get("tipo"),
    role: fields.get("rol"),
    priority: fields.get("prioridad"),
    user: fields.get("usuario") ?? "",
    since: momentOf(fields.get("desde")),
    until: momentOf(fields.get("hasta")),
  };
}

export function fieldsOf({ text, type, role, priority, user, since, until }: Search): Record<string, string | null> {
  return { texto: text, tipo: type, rol: role, prioridad: priority, usuario: user, desde: since, hasta: until };
}

/** What the server is asked for. */
export function queryOf({ text, type, role, priority, user, since, until }: Search) {
  return { q: text.trim(), type, role, priority, user: user.trim(), since, until };
}

/** How many fields narrow the log down, the text left out. */
export function countOf({ type, role, priority, user, since, until }: Search): number {
  return [type, role, priority, user, since ?? until].filter((value) => value !== null && value !== "").length;
}

export function isEverything(search: Search): boolean {
  return search.text.trim() === "" && countOf(search) === 0;
}

/** A moment of an address; null for what is none, as addresses are written by hand, too. */
function momentOf(text: string | null): string | null {
  return text === null || Number.isNaN(Date.parse(text)) ? null : new Date(text).toISOString();
}
