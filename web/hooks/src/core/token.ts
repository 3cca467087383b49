import type { GetToken, TokenReason } from "./types.ts";

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

/** Asks the application for tokens, once for all who want one at the same time, and remembers the last. */
export function createTokens(getToken: () => GetToken | undefined) {
  const asked = new Map<TokenReason, Promise<string | null>>();
  let last: string | null = null;

  function ask(reason: TokenReason): Promise<string | null> {
    const running = asked.get(reason);
    if (running) return running;
    const answer = Promise.resolve()
      .then(() => getToken()?.(reason))
      .then((token) => (last = token ?? null))
      .finally(() => asked.delete(reason));
    asked.set(reason, answer);
    return answer;
  }

  return {
    ask,
    /** The last token, or the first. */
    current: async (): Promise<string | null> => last ?? (await ask("connect")),
    forget: () => void (last = null),
  };
}

export type Tokens = ReturnType<typeof createTokens>;
