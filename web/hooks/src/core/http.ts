import { attempt } from "./guard.ts";
import { within } from "./timers.ts";
import type { Tokens } from "./token.ts";
import { type Action, type DevelopmentIdentity, NotifierError } from "./types.ts";
import type { InboxPage, Marked } from "./wire.ts";

// As long as for an event over the socket: whoever waits is told, and what was shown meanwhile is taken back.
const ANSWER_MS = 10_000;

// What is marked as the page is left is still sent: a browser grants that to 64 KiB of bodies at once, of all its requests.
const KEPT_BYTES = 32_768;

interface Problem {
  code?: string;
  detail?: string;
}

interface Answer {
  status: number;
  ok: boolean;
  body: unknown;
}

export interface Target {
  url: string;
  locale: string;
  identity: DevelopmentIdentity | undefined;
}

/** The whole answer, body included, or a `NotifierError`; one of them within `ANSWER_MS`. */
async function ask(url: string, init: RequestInit): Promise<Answer> {
  const abort = attempt(() => new AbortController());
  const answer = async (): Promise<Answer> => {
    const response = await fetch(url, { ...init, ...(abort && { signal: abort.signal }) });
    const body: unknown = await response.json().catch(() => undefined);
    return { status: response.status, ok: response.ok, body };
  };
  try {
    return await within(ANSWER_MS, answer(), () => new Error(`no answer within ${ANSWER_MS / 1_000} s`));
  } catch (error) {
    abort?.abort();
    throw new NotifierError("network", String(error));
  }
}

/** The inbox over HTTP. Every function rejects with a `NotifierError`, and none waits without end. */
export function createHttp(target: () => Target, tokens: Pick<Tokens, "current" | "ask">) {
  let kept = 0; // bytes of bodies under way that outlive the page

  /** Sends a body so that it outlives the page, where there is room for that. */
  async function post(url: string, headers: Record<string, string>, body: string): Promise<Answer> {
    const keepalive = kept + body.length <= KEPT_BYTES;
    const bytes = keepalive ? body.length : 0;
    kept += bytes;
    try {
      return await ask(url, { method: "POST", keepalive, headers, body });
    } finally {
      kept -= bytes;
    }
  }

  async function send<T extends { counts: unknown }>(
    path: string,
    query: Record<string, string | undefined>,
    body?: object,
  ): Promise<T> {
    const { url, locale, identity } = target();
    const params = new URLSearchParams();
    const stated = { user: identity?.user, role: identity?.role, topics: identity?.topics?.[0] };
    for (const [name, value] of Object.entries({ ...stated, ...query })) if (value) params.set(name, value);
    const token = await tokens.current();
    const address = `${url}/v1/inbox${path}?${params.toString()}`;
    const tried = (credential: string | null): Promise<Answer> => {
      const headers = { "Accept-Language": locale, ...(credential && { Authorization: `Bearer ${credential}` }) };
      return body
        ? post(address, { ...headers, "Content-Type": "application/json" }, JSON.stringify(body))
        : ask(address, { headers });
    };
    let response = await tried(token);
    if (response.status === 401 && token) response = await tried(await tokens.ask("rejected"));
    const { code = "http", detail = "" } = (response.body ?? {}) as Problem;
    if (!response.ok) throw new NotifierError(code, detail, response.status);
    // A page that says "sign in to this network" is an answer of nobody who was asked.
    if (!(response.body as T | undefined)?.counts) throw new NotifierError("network", "no answer of the server");
    return response.body as T;
  }

  return {
    page: (query: { status: string; types: readonly string[]; limit: number; before: number | undefined }) =>
      send<InboxPage>("", {
        status: query.status,
        type: query.types.join(","),
        limit: String(query.limit),
        before: query.before?.toString(),
      }),
    mark: (action: Action, ids: readonly string[] | undefined, upTo: number) =>
      send<Marked>(`/${action}`, {}, ids ? { ids } : { all: true, up_to: upTo }),
  };
}

export type Http = ReturnType<typeof createHttp>;
