import { REPLY_TIMEOUT_MS } from "./connection.ts";
import type { Presence } from "./presence.ts";
import type { TabSays } from "./tabs.ts";
import { type Acknowledgement, NotifierError } from "./types.ts";

type Ask = (event: string, body: unknown) => Promise<Acknowledgement>;

/** Events that the server answers, from whichever tab: through the socket of the one that leads. */
export function createRequests(ask: Ask, presence: Pick<Presence, "leading" | "post">, connected: () => boolean) {
  const answers = new Map<string, (reply: Acknowledgement) => void>(); // to what this tab asked the one that leads

  async function request(event: string, body: unknown): Promise<Acknowledgement> {
    if (presence.leading()) return ask(event, body);
    if (!connected()) throw new NotifierError("network", "not connected");
    const id = crypto.getRandomValues(new Uint32Array(4)).join("-");
    const answer = new Promise<Acknowledgement>((resolve) => answers.set(id, resolve));
    const late = new Promise<null>((resolve) => setTimeout(resolve, REPLY_TIMEOUT_MS, null));
    presence.post({ say: "request", id, event, body });
    const reply = await Promise.race([answer, late]);
    answers.delete(id);
    if (reply === null || (!reply.ok && reply.error.code === "network"))
      throw new NotifierError("network", `no answer to ${event}`);
    return reply;
  }

  /** Ask the server what another tab wants to know. */
  async function relay({ id, event, body }: TabSays & { say: "request" }): Promise<void> {
    let reply: Acknowledgement;
    try {
      reply = await ask(event, body);
    } catch {
      reply = { ok: false, error: { code: "network", detail: "" } };
    }
    presence.post({ say: "reply", id, reply });
  }

  return {
    request,
    relay,
    replied: ({ id, reply }: TabSays & { say: "reply" }): void => answers.get(id)?.(reply),
  };
}
