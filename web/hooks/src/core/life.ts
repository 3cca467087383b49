import { IDLE, type Known } from "./known.ts";
import { createReach } from "./reach.ts";
import type { Subject } from "./subject.ts";
import { baseOf, nameOf } from "./target.ts";
import type { NotifierOptions } from "./types.ts";

// A list does not wait longer for the socket before it is fetched without.
const READY_MS = 2_000;

/** From the start to the end, and from one user to the next. */
export function createLife(options: () => NotifierOptions, known: Known, subject: Subject) {
  let running = 0; // which start this is; 0 when stopped
  let starts = 0;
  const { presence, request } = createReach(options, known, subject, signedOut);

  /** Who this is for has to be known first: tabs share a connection with those of the same user alone. */
  function start(user = options().user ?? options().identity?.user): void {
    if (running) return;
    const mine = (running = ++starts);
    known.greeting.expect(READY_MS);
    if (user !== undefined || !options().getToken) return join(user);
    known.show({ ...IDLE, status: "connecting" });
    subject.current().then(
      (token) => {
        if (mine !== running) return;
        const found = subject.begin(token);
        if (token === null) nobody();
        else join(found);
      },
      () => {
        if (mine === running) join(undefined);
      },
    );
  }

  function join(user: string | undefined): void {
    known.place.restore(`sio-server|${baseOf(options())}|${user ?? ""}`);
    // With somebody unknown nothing is shared: the next tab's unknown may be somebody else.
    const isKnown = user !== undefined || !options().getToken;
    presence.join(nameOf(options(), user), isKnown && options().tabs !== "own");
  }

  function stop(): void {
    running = 0;
    presence.leave();
    known.greeting.settle();
    known.clear();
  }

  function nobody(): void {
    known.show({ ...IDLE, status: "unauthorized", lastError: "signed_out" });
  }

  function signedOut(): void {
    stop();
    nobody();
  }

  return {
    start: (): void => {
      start();
    },
    /** Somebody else has logged in: nothing of the one before is left, and the tabs are another's. */
    become: (user: string): void => {
      stop();
      start(user);
    },
    signOut: (): void => {
      presence.post({ say: "signed_out" });
      signedOut();
    },
    close: stop,
    request,
    retryNow: presence.retryNow,
  };
}
