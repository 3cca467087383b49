import type { Http } from "./http.ts";
import type { Inbox, Pending } from "./inbox.ts";
import type { Action, Which } from "./types.ts";

interface Around {
  inbox: Inbox;
  http: Pick<Http, "mark" | "act">;
  /** Without a user there is no inbox on the server either. */
  anonymous: () => boolean;
  flush: () => void;
}

/** Changes of state: shown at once, and taken back if the server does not confirm them. */
export function createMarks({ inbox, http, anonymous, flush }: Around) {
  async function send({ answered, ids, ...asked }: Pending): ReturnType<Http["mark"]> {
    const [first = ""] = ids ?? [];
    return answered ? http.act(first, answered.action) : http.mark({ ...asked, ids: ids && [...ids] });
  }

  async function change(asked: Pending): Promise<void> {
    if (anonymous()) {
      inbox.keep(asked);
      flush();
      return;
    }
    inbox.begin(asked);
    flush();
    try {
      const since = inbox.version();
      const { up_to, counts } = await send(asked);
      // Else the socket has said so already, and perhaps what came after it.
      if (inbox.version() === since) inbox.keep(asked.ids ? asked : { ...asked, upTo: up_to ?? asked.upTo });
      inbox.recount(counts, since);
    } finally {
      inbox.end(asked);
      flush();
    }
  }

  return {
    mark: async (action: Action, which: Which): Promise<void> => {
      if (typeof which === "string") return change({ action, ids: undefined, upTo: inbox.newest() });
      if ("group" in which) return change({ action, ids: undefined, group: which.group, upTo: inbox.newest() });
      if (which.length) await change({ action, ids: new Set(which), upTo: 0 });
    },
    /** Answers a notification with one of its buttons, which reads it as well. */
    act: (id: string, action: string): Promise<void> =>
      change({ action: "read", ids: new Set([id]), upTo: 0, answered: { action, at: new Date().toISOString() } }),
  };
}
