import { attempt } from "./guard.ts";
import type { Transport } from "./types.ts";

// The usual order: a WebSocket, and long polling where a network will not have one.
const DEFAULT: readonly Transport[] = ["websocket", "polling"];

// Silence is waited for so long the first time, and twice as long each time after, up to the last.
const PATIENCE_MS = 5_000;
const MOST_PATIENCE_MS = 20_000;

// How long a network that swallows WebSockets is taken for one that does.
const REMEMBERED_MS = 10 * 60_000;

function asked(wanted: unknown): readonly Transport[] {
  const known = Array.isArray(wanted)
    ? wanted.filter((name): name is Transport => DEFAULT.includes(name as Transport))
    : [];
  return known.length ? known : DEFAULT;
}

/**
 * Which transports the next attempt may use. A WebSocket that is refused has socket.io-client try polling by itself; one
 * that is swallowed (by a proxy, an antivirus) is only silent: then polling is tried here, and kept to where it worked.
 *
 * `name` is the server's, under which the page's session remembers: each page of a site would find out anew.
 */
export function createTransports(wanted: () => unknown, name: () => string) {
  let kept = 0; // where the browser keeps nothing for us
  let swallowed = false; // the last attempt was by WebSocket, and nothing was heard
  let polling = false; // the one that is made now is by polling alone
  let failures = 0;

  const key = (): string => `sio-server.polling|${name()}`;

  function remembered(): boolean {
    const until = Number(attempt(() => sessionStorage.getItem(key()))) || kept;
    // A clock that was set back must not make it longer.
    return until > Date.now() && until <= Date.now() + REMEMBERED_MS;
  }

  function remember(until: number): void {
    kept = until;
    attempt(() => {
      sessionStorage.setItem(key(), String(until));
    });
  }

  return {
    /** For the next attempt: what it may use, and how many milliseconds it may be silent. */
    next: (): { transports: Transport[]; patience: number } => {
      const all = asked(wanted());
      polling = all[0] === "websocket" && all.length > 1 && (swallowed || remembered());
      const patience = Math.min(MOST_PATIENCE_MS, PATIENCE_MS * 2 ** failures);
      return { transports: polling ? ["polling"] : [...all], patience };
    },
    /** The attempt has failed; `silent`: nothing was heard in time. */
    failed: (silent: boolean): void => {
      failures++;
      if (polling && silent) remember(0); // it was no better: then it is the server that is away
      swallowed = silent && !polling;
    },
    /** There is a connection. */
    opened: (): void => {
      failures = 0;
      if (polling && swallowed) remember(Date.now() + REMEMBERED_MS);
      swallowed = false;
    },
  };
}
