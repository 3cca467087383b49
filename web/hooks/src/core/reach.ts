import { advise } from "./advice.ts";
import { createConnection } from "./connection.ts";
import { isVague, type Known } from "./known.ts";
import { createMeanwhile } from "./meanwhile.ts";
import { createPresence } from "./presence.ts";
import { isElsewhere } from "./reachable.ts";
import { createRequests } from "./requests.ts";
import type { Subject } from "./subject.ts";
import { createTabTalk } from "./tabTalk.ts";
import { baseOf, credentialsOf, pauseOf, targetOf } from "./target.ts";
import { createTransports } from "./transports.ts";
import type { ConnectionState, NotifierOptions } from "./types.ts";

/** The server, through this tab's socket or that of the tab that leads. */
export function createReach(options: () => NotifierOptions, known: Known, subject: Subject, signedOut: () => void) {
  const { connection, show, frames, place } = known;

  function state(changes: Partial<ConnectionState>, detail?: string): void {
    const { lastError, attempts = 0 } = changes;
    // What the next attempt makes good is nothing to tell a developer of.
    if (lastError && (attempts > 1 || !isVague(lastError))) advise(lastError, { url: baseOf(options()), detail });
    const isLeader = presence.leading();
    show({ ...connection(), ...changes, isLeader });
    if (isLeader) presence.post({ say: "state", connection: connection() });
    if (changes.status !== "unauthorized") return;
    presence.resign(); // another tab may have a better token
    show({ ...connection(), isLeader: false });
  }

  const { open, again, close, retryNow, request } = createConnection({
    target: () => targetOf(options()),
    transports: createTransports(
      () => options().transports,
      () => baseOf(options()),
    ),
    credentials: async (reason) => {
      const token = await subject.ask(reason);
      return options().getToken && token === null ? null : credentialsOf(options(), token, place.cursor());
    },
    token: subject.ask,
    frame: (frame) => {
      frames.apply(frame);
      presence.post({ say: "frame", frame });
    },
    state,
  });
  const presence = createPresence({
    pauseAfter: () => pauseOf(options()),
    refused: () => connection().status === "unauthorized",
    open,
    close,
    retryNow,
    hear: (said) => {
      hear(said);
    },
  });
  const requests = createRequests(request, presence, () => connection().status === "connected");
  const hear = createTabTalk({ known, presence, requests, retryNow, signedOut });
  known.whenShown(
    createMeanwhile({
      refresh: known.refresh,
      isVague: (code) => isVague(code) || code === "blocked" || code === "origin_not_allowed",
      isElsewhere: () => isElsewhere(baseOf(options())),
      retryNow: presence.retryNow,
      found: known.blame,
    }),
  );
  return { presence, again, request: requests.request };
}
