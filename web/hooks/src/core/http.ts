import type { Tokens } from "./token.ts";
import { type Action, type AnyItem, type DevelopmentIdentity, NotifierError, type ServerCounts } from "./types.ts";

export interface InboxPage {
  items: AnyItem[];
  /** `before` of the next page; null after the last. */
  next_before: number | null;
  counts: ServerCounts;
}

export interface Marked {
  ids: string[];
  up_to: number | null;
  counts: ServerCounts;
}

interface Problem {
  code?: string;
  detail?: string;
}

export interface Target {
  url: string;
  locale: string;
  identity: DevelopmentIdentity | undefined;
}

/** The inbox over HTTP. Every function rejects with a `NotifierError`. */
export function createHttp(target: () => Target, tokens: Pick<Tokens, "current" | "ask">) {
  async function send<T>(path: string, query: Record<string, string | undefined>, body?: object): Promise<T> {
    const { url, locale, identity } = target();
    const params = new URLSearchParams();
    const stated = { user: identity?.user, role: identity?.role, topics: identity?.topics?.[0] };
    for (const [name, value] of Object.entries({ ...stated, ...query })) if (value) params.set(name, value);
    const token = await tokens.current();
    const attempt = (credential: string | null): Promise<Response> =>
      fetch(`${url}/v1/inbox${path}?${params.toString()}`, {
        method: body ? "POST" : "GET",
        headers: {
          "Accept-Language": locale,
          ...(credential && { Authorization: `Bearer ${credential}` }),
          ...(body && { "Content-Type": "application/json" }),
        },
        ...(body && { body: JSON.stringify(body) }),
      }).catch((error: unknown) => {
        throw new NotifierError("network", String(error));
      });
    let response = await attempt(token);
    if (response.status === 401 && token) response = await attempt(await tokens.ask("rejected"));
    if (response.ok) return (await response.json()) as T;
    const problem = (await response.json().catch(() => ({}))) as Problem;
    throw new NotifierError(problem.code ?? "http", problem.detail ?? response.statusText, response.status);
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
