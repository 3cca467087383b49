import { createConnection } from "./connection.ts";
import type { Known } from "./known.ts";
import { createPresence } from "./presence.ts";
import { createRequests } from "./requests.ts";
import type { Subject } from "./subject.ts";
import { createTabTalk } from "./tabTalk.ts";
import { credentialsOf, targetOf } from "./target.ts";
import type { ConnectionState, NotifierOptions } from "./types.ts";

const HIDDEN_MS = 30_000;

/** The server, through this tab's socket or that of the tab that leads. */
export function createReach(options: () => NotifierOptions, known: Known, subject: Subject, signedOut: () => void) {
  const { connection, show, frames, place } = known;

  function state(changes: Partial<ConnectionState>): void {
    const isLeader = presence.leading();
    show({ ...connection(), ...changes, isLeader });
    if (isLeader) presence.post({ say: "state", connection: connection() });
    if (changes.status !== "unauthorized") return;
    presence.resign(); // another tab may have a better token
    show({ ...connection(), isLeader: false });
  }

  const { open, close, retryNow, request } = createConnection({
    target: () => targetOf(options()),
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
    pauseAfter: () => options().pauseWhenHidden ?? HIDDEN_MS,
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
  return { presence, request: requests.request };
}
