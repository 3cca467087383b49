import type { Api, Query } from "../../api/client.ts";
import type { HistoryPage } from "../../api/records.ts";

/** Reads that are made at most for one page: the server cuts a search for something rare short. */
const MOST_READS = 20;

/**
 * Where the page before the one that begins at `top` begins (`before` of it); null for the newest one. The server is
 * asked for it, so that the way back is there for whoever got this page by a link.
 */
export async function newerPage(api: Api, search: Query, top: number, size: number): Promise<number | null> {
  let after = top;
  let found = 0;
  for (let read = 0; read < MOST_READS; read += 1) {
    const page = await api.get<HistoryPage>("/v1/notifications", { ...search, after, limit: size });
    found += page.items.length;
    const last = page.items.at(-1);
    if (page.next_after === null) return null;
    if (found >= size) return last === undefined ? null : last.seq + 1;
    after = page.next_after;
  }
  return null;
}
