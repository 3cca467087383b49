import type { Known } from "./known.ts";
import type { Presence } from "./presence.ts";
import type { createRequests } from "./requests.ts";
import type { TabSays } from "./tabs.ts";

interface Around {
  known: Known;
  presence: Presence;
  requests: ReturnType<typeof createRequests>;
  retryNow: () => void;
  signedOut: () => void;
}

/** What a tab does with what another says. */
export function createTabTalk({ known, presence, requests, retryNow, signedOut }: Around) {
  const { greeting, frames, inbox, place } = known;

  function lead(said: TabSays): void {
    if (said.say === "retry") retryNow();
    else if (said.say === "hidden") void presence.pause();
    else if (said.say === "request") void requests.relay(said);
    if (said.say !== "ask") return;
    // What came meanwhile is in the inbox; a tab that joins begins where this one stands.
    const hello = greeting.hello();
    const now = hello && { ...hello, cursor: place.cursor() ?? hello.cursor, recovered: true };
    const [connection, counts, offset] = [known.connection(), inbox.counts(), greeting.clockOffset()];
    presence.post({ say: "answer", connection, hello: now, counts, offset });
  }

  function follow(said: TabSays): void {
    if (said.say === "reply") requests.replied(said);
    if (said.say === "frame") frames.apply(said.frame);
    if (said.say === "state" || said.say === "answer") {
      known.show({ ...said.connection, isLeader: false });
      presence.retryAt(said.connection.retryAt);
    }
    if (said.say !== "answer" || !said.hello || greeting.hello()) return;
    const { counts, ...rest } = said.hello;
    frames.greet({ ...rest, ...((said.counts ?? counts) && { counts: said.counts ?? counts }) }, said.offset);
    known.changed();
  }

  return (said: TabSays): void => {
    if (said.say === "signed_out") signedOut();
    else if (presence.leading()) lead(said);
    else follow(said);
  };
}
