import { subjectOf, type Tokens } from "./token.ts";
import { NotifierError, type TokenReason } from "./types.ts";

/** Whom the tokens are for; `another` is told when one comes that is for somebody else. */
export function createSubject(tokens: Tokens, another: (user: string) => void) {
  let subject: string | undefined; // whom the last token was for
  let first: string | null | undefined; // the token that told who it is, for the first attempt to use

  return {
    current: tokens.current,
    ask: async (reason: TokenReason): Promise<string | null> => {
      const token = reason === "connect" && first !== undefined ? first : await tokens.ask(reason);
      first = undefined;
      const user = token === null ? undefined : subjectOf(token);
      const before = subject;
      subject = user ?? subject;
      if (before !== undefined && user !== undefined && user !== before) {
        another(user);
        throw new NotifierError("signed_out", "the token is another user's");
      }
      return token;
    },
    /** Whom this first token is for, if it tells. */
    begin: (token: string | null): string | undefined => {
      first = token;
      return (subject = token === null ? undefined : subjectOf(token));
    },
    forget: (): void => {
      tokens.forget();
      subject = first = undefined;
    },
  };
}

export type Subject = ReturnType<typeof createSubject>;
