import { retryDelay } from "./retry.ts";
import { milliseconds } from "./settings.ts";
import type { ConnectionStatus, TokenReason } from "./types.ts";
import type { Closing, Refusal } from "./wire.ts";

// A server that closes when it said it would needs this long for it to be noticed.
const DRAIN_GRACE_MS = 500;

// However long a server says that it will be away, this is when to look.
const MAX_DRAIN_MS = 300_000;

// Tokens are the application's to make anew: of these refusals it is told, once.
const RENEWABLE: readonly string[] = ["token_expired", "invalid_token"];

/** The code of a failure: the server's own, or what socket.io-client's words for it come to. */
function codeOf(said: string): string {
  if (/^[a-z]+(_[a-z]+)*$/.test(said)) return said;
  return said === "ping timeout" ? "timeout" : "network";
}

/** What to do once a connection, or an attempt at one, has ended. */
export type Verdict = (
  | { then: "connect" }
  | { then: "wait"; delay: number; attempts: number; lastError: string }
  | { then: "stop"; lastError: string }
) & {
  /** What a developer may want to know of it. */
  detail?: string | undefined;
};

/**
 * Whether to connect again, and when. It has no socket and no timer: it is told what happens, and says what to do.
 *
 * socket.io-client does not come back by itself after a refusal or when the server closes; and it does not know that a
 * server said when to. So each attempt is a socket of its own, and when to make the next is decided here.
 */
export function createPolicy({ now = Date.now, pause = retryDelay } = {}) {
  let failures = 0;
  let renewed = false; // a token was fetched anew after a refusal, and no connection was made since
  let reason: TokenReason = "connect";
  let closing: Closing | undefined;
  let drainAt: number | undefined;

  function settle(): void {
    failures = 0;
    renewed = false;
  }

  function failed(lastError: string, delay = pause(failures)): Verdict {
    failures++;
    return { then: "wait", delay, attempts: failures, lastError: codeOf(lastError) };
  }

  /** The server will not have these credentials. Of a token another is asked for, once, before that is believed. */
  function end(code: string): Verdict {
    if (!RENEWABLE.includes(code) || renewed) return { then: "stop", lastError: code };
    renewed = true;
    reason = "rejected";
    return { then: "connect" };
  }

  return {
    /** Nothing that was before counts any more: somebody wants a connection, or there is one. */
    settle,
    /** An attempt is made; returns what it is. */
    attempt: (): ConnectionStatus => {
      closing = drainAt = undefined;
      return failures || renewed ? "reconnecting" : "connecting";
    },
    /** Why the attempt asks for a token: the same again until one has come. */
    reason: (): TokenReason => reason,
    answered: (): void => {
      reason = "connect";
    },
    /** The server will stop; returns the milliseconds after which not to wait for that any longer. */
    draining: (retryIn: number): number => {
      const away = Math.min(milliseconds(retryIn, 0), MAX_DRAIN_MS);
      drainAt = now() + away;
      return away + DRAIN_GRACE_MS;
    },
    /** The server says why it is about to close. */
    closing: (said: Closing): void => {
      closing = said;
    },
    /** It did not get as far as an answer of the server. */
    failed: (lastError: string): Verdict => failed(lastError),
    refused: ({ data, message }: Refusal): Verdict => {
      const { code, retryable = false, detail } = data ?? {};
      return { ...(code && !retryable ? end(code) : failed(code ?? message)), detail };
    },
    /** The connection has ended. */
    left: (why: string): Verdict =>
      closing && !closing.reconnect
        ? end(closing.code)
        : failed(closing?.code ?? why, drainAt && Math.max(0, drainAt - now()) + pause(0)),
  };
}
