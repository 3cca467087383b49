/** What of the log is looked for; null and nothing stand for any. */
export interface Search {
  type: string | null;
  role: string | null;
  priority: string | null;
  user: string;
}

export const EVERYTHING: Search = { type: null, role: null, priority: null, user: "" };

export function isEverything({ type, role, priority, user }: Search): boolean {
  return type === null && role === null && priority === null && user === "";
}
