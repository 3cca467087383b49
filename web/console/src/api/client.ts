import type { FieldProblem, Problem } from "./records.ts";

/** A request that was refused (a `code` of the server's) or that never arrived (`unreachable`). */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly code: string,
    readonly status: number,
    detail: string,
    readonly problems: readonly FieldProblem[] = [],
    readonly requestId: string | null = null,
    /** The notification that took the place of the one that was asked for. */
    readonly replacedBy: string | null = null,
  ) {
    super(detail);
  }
}

export type Query = Record<string, string | number | null | undefined>;

/** A request as somebody has written it. */
export interface Written {
  headers?: Readonly<Record<string, string>>;
  body?: string | undefined;
}

export interface Api {
  get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T>;
  post<T>(path: string, body?: unknown, signal?: AbortSignal): Promise<T>;
  patch<T>(path: string, body: unknown): Promise<T>;
  /** DELETE. */
  remove<T>(path: string): Promise<T>;
  /** The reply as it is, a refusal as well; rejects with `ApiError` when there is none. */
  send(method: string, address: string, written: Written): Promise<Response>;
}

interface Circumstances {
  /** Goes into the header `Authorization`, never into an address: addresses end up in logs. */
  credential: string | null;
  locale: () => string;
  /** Called for every 401: the credential has run out or was revoked. */
  onUnauthorized?: (error: ApiError) => void;
}

/** The server's HTTP interface, for one credential. */
export function createApi({ credential, locale, onUnauthorized }: Circumstances): Api {
  async function send(method: string, address: string, { headers, body }: Written, signal?: AbortSignal) {
    const sent: Record<string, string> = { "Accept-Language": locale(), ...headers };
    if (credential !== null) sent.Authorization = `Bearer ${credential}`;
    if (body !== undefined) sent["Content-Type"] = "application/json";
    try {
      // Relative to the page, which may be below a path.
      return await fetch(`.${address}`, {
        method,
        headers: sent,
        cache: "no-store",
        credentials: "omit",
        ...(body === undefined ? {} : { body }),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new ApiError("unreachable", 0, "");
    }
  }

  async function call(method: string, path: string, query: Query, body: unknown, signal?: AbortSignal) {
    const written = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await send(method, path + search(query), written, signal);
    if (!response.ok) {
      const error = await problemOf(response);
      if (error.status === 401) onUnauthorized?.(error);
      throw error;
    }
    return response;
  }

  return {
    send,
    async get<T>(path: string, query: Query = {}, signal?: AbortSignal) {
      return (await (await call("GET", path, query, undefined, signal)).json()) as T;
    },
    async post<T>(path: string, body?: unknown, signal?: AbortSignal) {
      return (await (await call("POST", path, {}, body ?? {}, signal)).json()) as T;
    },
    async patch<T>(path: string, body: unknown) {
      return (await (await call("PATCH", path, {}, body)).json()) as T;
    },
    async remove<T>(path: string) {
      return (await (await call("DELETE", path, {}, undefined)).json()) as T;
    },
  };
}

function search(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

async function problemOf(response: Response): Promise<ApiError> {
  let problem: Partial<Problem> & { replaced_by?: unknown } = {};
  try {
    problem = (await response.json()) as Partial<Problem>;
  } catch {
    // A proxy answers in HTML: the status has to do.
  }
  return new ApiError(
    problem.code ?? `http_${response.status}`,
    response.status,
    problem.detail ?? problem.title ?? response.statusText,
    problem.errors ?? [],
    problem.request_id ?? null,
    typeof problem.replaced_by === "string" ? problem.replaced_by : null,
  );
}
