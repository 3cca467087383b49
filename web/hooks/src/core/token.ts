import { within } from "./timers.ts";
import { type GetToken, NotifierError, type TokenReason } from "./types.ts";

/** The `sub` of a JWT, not verified: it only tells whose notifications these will be. */
export function subjectOf(token: string): string | undefined {
  try {
    const [, payload = ""] = token.split(".");
    const bytes = Uint8Array.from(atob(payload.replace(/-/g, "+").replace(/_/g, "/")), (char) => char.charCodeAt(0));
    const { sub } = JSON.parse(new TextDecoder().decode(bytes)) as { sub?: unknown };
    return typeof sub === "string" || typeof sub === "number" ? String(sub) : undefined;
  } catch {
    return undefined; // not a JWT: the server will say what it is
  }
}

// The function is the application's, and asks a backend: as long as that may take.
const ANSWER_MS = 15_000;

// A JWT as it travels (RFC 7515 §7.1).
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** A page that says 502, an empty text or an object is no token, and no refusal of the server either. */
function checked(answer: unknown): string | null {
  if (answer === null || answer === undefined) return null;
  const text = typeof answer === "string" ? answer.trim() : "";
  if (TOKEN.test(text)) return text;
  throw new NotifierError("token_malformed", `it was of type ${typeof answer}`);
}

/**
 * Asks the application for tokens, once for all who want one at the same time, and remembers the last. Rejects with a
 * `NotifierError` where no token came and nobody said that there is none.
 */
export function createTokens(getToken: () => GetToken | undefined) {
  let asked = new Map<TokenReason, Promise<string | null>>();
  let last: string | null = null;

  async function answered(reason: TokenReason, mine: typeof asked): Promise<string | null> {
    const late = new NotifierError("token_timeout", `nothing came within ${ANSWER_MS / 1_000} s`);
    try {
      const answer = await within(
        ANSWER_MS,
        Promise.resolve().then(() => getToken()?.(reason)),
        () => late,
      ).catch((error: unknown) => {
        throw error === late ? late : new NotifierError("token_failed", String(error));
      });
      const token = checked(answer);
      if (mine === asked) last = token; // else it is of somebody who has left meanwhile
      return token;
    } finally {
      mine.delete(reason);
    }
  }

  function ask(reason: TokenReason): Promise<string | null> {
    const running = asked.get(reason) ?? answered(reason, asked);
    asked.set(reason, running);
    return running;
  }

  return {
    ask,
    /** The last token, or the first. */
    current: async (): Promise<string | null> => last ?? (await ask("connect")),
    forget: () => {
      last = null;
      asked = new Map();
    },
  };
}

export type Tokens = ReturnType<typeof createTokens>;
