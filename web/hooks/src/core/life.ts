import { advise } from "./advice.ts";
import { IDLE, type Known } from "./known.ts";
import { createReach } from "./reach.ts";
import type { Subject } from "./subject.ts";
import { retryDelay } from "./retry.ts";
import { baseOf, nameOf } from "./target.ts";
import { createTimer } from "./timers.ts";
import { type NotifierOptions, NotifierError } from "./types.ts";

// A list does not wait longer for the socket before it is fetched without.
const READY_MS = 2_000;

/** From the start to the end, and from one user to the next. */
export function createLife(options: () => NotifierOptions, known: Known, subject: Subject) {
  let running: object | undefined; // which start, or ask for who this is, counts
  const again = createTimer();
  const { presence, again: reconnect, request } = createReach(options, known, subject, signedOut);

  function start(user = options().user ?? options().identity?.user): void {
    if (running) return;
    running = {};
    known.greeting.expect(READY_MS);
    if (user !== undefined || !options().getToken) join(user);
    else identify();
  }

  /** Who this is for has to be known first: tabs share a connection with those of the same user alone. */
  function identify(failures = 0): void {
    const mine = (running = {});
    again.clear();
    known.show({ ...IDLE, status: failures ? "reconnecting" : "connecting", attempts: failures });
    subject.current().then(
      (token) => {
        if (mine !== running) return;
        const found = subject.begin(token);
        if (token === null) nobody();
        else join(found);
      },
      (error: unknown) => {
        if (mine !== running) return;
        const { code, message } = error instanceof NotifierError ? error : { code: "token_failed", message: "" };
        const delay = retryDelay(failures);
        again.set(delay, () => {
          identify(failures + 1);
        });
        advise(code, { url: baseOf(options()), detail: message });
        const retryAt = Date.now() + delay;
        known.show({ ...IDLE, status: "reconnecting", attempts: failures + 1, retryAt, lastError: code });
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
    running = undefined;
    again.clear();
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
    /** The texts are to be in another language from now on. */
    translate: (): void => {
      if (!running) return;
      reconnect();
      known.lists.expire();
      known.lists.renew();
    },
    request,
    retryNow: (): void => {
      if (presence.joined()) presence.retryNow();
      else if (running) identify();
      else if (known.connection().status === "unauthorized") start(); // it was signed out, here or in another tab
    },
  };
}
