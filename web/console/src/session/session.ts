import { ApiError, createApi, type Api } from "../api/client.ts";
import type { SessionReply } from "../api/records.ts";
import { forgetDrafts } from "../sections/send/drafts.ts";

export interface Session {
  api: Api;
  /** A publisher key or a token. It lives in this variable alone: a reload asks for it again. */
  credential: string | null;
  development: boolean;
  kind: "development" | "key" | "token";
  user: string | null;
  mayPublish: boolean;
  version: string;
  /** The language of what is written without naming one. */
  locale: string;
}

export type SessionState =
  | { status: "loading" }
  | { status: "unreachable" }
  | { status: "signedOut"; reason: "none" | "ended" | "left" }
  | { status: "signedIn"; session: Session };

export interface SessionStore {
  getSnapshot: () => SessionState;
  subscribe: (listener: () => void) => () => void;
  start: () => Promise<void>;
  /** Raises `ApiError` for a credential that the server does not take. */
  signIn: (credential: string) => Promise<void>;
  signOut: () => void;
}

/** Who uses the console. In development nobody is asked. */
export function createSessionStore(locale: () => string): SessionStore {
  let state: SessionState = { status: "loading" };
  const listeners = new Set<() => void>();

  function set(next: SessionState) {
    state = next;
    for (const listener of listeners) listener();
  }

  async function open(credential: string | null): Promise<void> {
    const probe = createApi({ credential, locale });
    const reply = await probe.get<SessionReply>("/v1/session");
    if (reply.credential === null) {
      set({ status: "signedOut", reason: "none" });
      return;
    }
    if (!reply.may.observe) throw new ApiError("forbidden", 403, "");
    const api = createApi({
      credential,
      locale,
      onUnauthorized: () => {
        if (state.status === "signedIn" && state.session.api === api) set({ status: "signedOut", reason: "ended" });
      },
    });
    set({
      status: "signedIn",
      session: {
        api,
        credential,
        development: reply.development,
        kind: reply.credential,
        user: reply.user,
        mayPublish: reply.may.publish,
        version: reply.version,
        locale: reply.locale,
      },
    });
  }

  return {
    getSnapshot: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async start() {
      set({ status: "loading" });
      try {
        await open(null);
      } catch (error) {
        const refused = error instanceof ApiError && (error.status === 401 || error.status === 403);
        set(refused ? { status: "signedOut", reason: "none" } : { status: "unreachable" });
      }
    },
    signIn: open,
    signOut: () => {
      forgetDrafts();
      set({ status: "signedOut", reason: "left" });
    },
  };
}
