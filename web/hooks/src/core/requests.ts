import { REPLY_TIMEOUT_MS } from "./connection.ts";
import type { Presence } from "./presence.ts";
import type { TabSays } from "./tabs.ts";
import { within } from "./timers.ts";
import { type Acknowledgement, NotifierError } from "./types.ts";

type Ask = (event: string, body: unknown) => Promise<Acknowledgement>;

/** Events that the server answers, from whichever tab: through the socket of the one that leads. */
export function createRequests(ask: Ask, presence: Pick<Presence, "leading" | "post">, connected: () => boolean) {
  const tab = Math.random().toString(36).slice(2); // tells tabs apart, and is no secret
  let asked = 0;
  const answers = new Map<string, (reply: Acknowledgement) => void>(); // to what this tab asked the one that leads

  async function request(event: string, body: unknown): Promise<Acknowledgement> {
    if (presence.leading()) return ask(event, body);
    if (!connected()) throw new NotifierError("network", "not connected");
    const id = `${tab}-${++asked}`;
    const unanswered = (): Error => new NotifierError("network", `no answer to ${event}`);
    const answer = new Promise<Acknowledgement>((resolve) => answers.set(id, resolve));
    try {
      if (!presence.post({ say: "request", id, event, body }))
        throw new NotifierError("invalid_data", `${event}: the body is nothing that can be sent`);
      const reply = await within(REPLY_TIMEOUT_MS, answer, unanswered);
      if (!reply.ok && reply.error.code === "network") throw unanswered();
      return reply;
    } finally {
      answers.delete(id);
    }
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
