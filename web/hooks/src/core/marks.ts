import type { Http } from "./http.ts";
import type { Inbox, Pending } from "./inbox.ts";
import type { Action } from "./types.ts";

interface Around {
  inbox: Inbox;
  http: Pick<Http, "mark">;
  /** Without a user there is no inbox on the server either. */
  anonymous: () => boolean;
  flush: () => void;
}

/** Changes of state: shown at once, and taken back if the server does not confirm them. */
export function createMarks({ inbox, http, anonymous, flush }: Around) {
  async function confirm(asked: Pending): Promise<void> {
    const since = inbox.version();
    const { up_to, counts } = await http.mark(asked.action, asked.ids && [...asked.ids], asked.upTo);
    // Else the socket has said so already, and perhaps what came after it.
    if (inbox.version() === since) inbox.keep(asked.ids ? asked : { ...asked, upTo: up_to ?? asked.upTo });
    inbox.recount(counts, since);
  }

  return async function mark(action: Action, ids: readonly string[] | "all"): Promise<void> {
    if (ids.length === 0) return;
    const all = ids === "all";
    const asked: Pending = { action, ids: all ? undefined : new Set(ids), upTo: all ? inbox.newest() : 0 };
    if (anonymous()) {
      inbox.keep(asked);
      flush();
      return;
    }
    inbox.begin(asked);
    flush();
    try {
      await confirm(asked);
    } finally {
      inbox.end(asked);
      flush();
    }
  };
}
