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

export interface PageQuery {
  status: string;
  types: readonly string[];
  group?: string | undefined;
  limit: number;
  before: number | undefined;
}

export interface MarkQuery {
  action: Action;
  ids: readonly string[] | undefined;
  group?: string | undefined;
  upTo: number;
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

/** The server's answers over HTTP, and the inbox there. Every function rejects with a `NotifierError`, and none waits without end. */
export function createHttp(target: () => Target, tokens: Pick<Tokens, "current" | "ask">) {
  let kept = 0; // bytes of bodies under way that outlive the page

  /** Sends a body so that it outlives the page, where there is room for that. */
  async function post(url: string, init: { method: string; headers: object; body: string }): Promise<Answer> {
    const { body } = init;
    const keepalive = kept + body.length <= KEPT_BYTES;
    const bytes = keepalive ? body.length : 0;
    kept += bytes;
    try {
      return await ask(url, { ...init, keepalive } as RequestInit);
    } finally {
      kept -= bytes;
    }
  }

  async function call<T>(
    method: string,
    path: string,
    { query, body }: { query?: Record<string, string | undefined>; body?: object } = {},
  ): Promise<T> {
    const { url, locale, identity } = target();
    const params = new URLSearchParams();
    const stated = { user: identity?.user, role: identity?.role, topics: identity?.topics?.[0] };
    for (const [name, value] of Object.entries({ ...stated, ...query })) if (value) params.set(name, value);
    const token = await tokens.current();
    const address = `${url}${path}?${params.toString()}`;
    const tried = (credential: string | null): Promise<Answer> => {
      const headers = { "Accept-Language": locale, ...(credential && { Authorization: `Bearer ${credential}` }) };
      if (!body) return ask(address, { method, headers });
      const sent = JSON.stringify(body);
      return post(address, { method, headers: { ...headers, "Content-Type": "application/json" }, body: sent });
    };
    let response = await tried(token);
    if (response.status === 401 && token) response = await tried(await tokens.ask("rejected"));
    const { code = "http", detail = "" } = (response.body ?? {}) as Problem;
    if (!response.ok) throw new NotifierError(code, detail, response.status);
    // A page that says "sign in to this network" is an answer of nobody who was asked.
    if (!response.body) throw new NotifierError("network", "no answer of the server");
    return response.body as T;
  }

  return {
    call,
    page: ({ status, types, group, limit, before }: PageQuery) =>
      call<InboxPage>("GET", "/v1/inbox", {
        query: { status, group, type: types.join(","), limit: String(limit), before: before?.toString() },
      }),
    mark: ({ action, ids, group, upTo }: MarkQuery) =>
      call<Marked>("POST", `/v1/inbox/${action}`, {
        body: ids ? { ids } : group === undefined ? { all: true, up_to: upTo } : { group },
      }),
    act: (id: string, action: string) => call<Marked>("POST", `/v1/inbox/${id}/act`, { body: { action } }),
  };
}

export type Http = ReturnType<typeof createHttp>;
