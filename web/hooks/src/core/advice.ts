import { pageOrigin } from "./page.ts";

export interface Circumstances {
  /** Where the server is. */
  url?: string | undefined;
  /** What the server, or the application's own error, said. */
  detail?: string | undefined;
}

const LOOK_AT_GET_TOKEN = "It is asked again after a pause.";

/** What a developer can do about each, by its code. */
const MENDS: Record<string, (page: string, url: string) => string> = {
  network: (_, url) => `no answer from ${url}. Is the server running, and is \`url\` right? Trying again.`,
  timeout: (_, url) => `${url} did not answer in time. Trying again.`,
  blocked: (_, url) =>
    `${url} answers over HTTP, but its live connection (${url}/socket.io/) does not come about: an ad blocker, or a ` +
    "proxy that passes neither WebSockets nor long polling on. The inbox is fetched now and then meanwhile.",
  origin_not_allowed: (page, url) =>
    `${url} is there, but does not answer pages of ${page}. Add this origin to the server's ` +
    "SIO_SERVER_ALLOWED_ORIGINS (unless a proxy in front answers for a server that is down).",
  host_not_allowed: () => "the server is not to be called by this name: see its setting SIO_SERVER_ALLOWED_HOSTS.",
  proxy_not_allowed: () => "a server in development mode does not answer through a proxy.",
  invalid_url: (_, url) => `\`url\` is no address of a server: ${JSON.stringify(url)}.`,
  invalid_token: () =>
    "the server does not accept the token. Is it signed with the server's SIO_SERVER_JWT_SECRET, or a key that " +
    "SIO_SERVER_JWKS_URL tells, and are its claims as the server wants them?",
  token_expired: () => 'getToken("rejected") gave a token that has expired: get a new one there, not from a cache.',
  unauthorized: () => "the server wants a token: give the provider `getToken`.",
  token_failed: () => `getToken failed. ${LOOK_AT_GET_TOKEN}`,
  token_timeout: () => `getToken did not answer in time. ${LOOK_AT_GET_TOKEN}`,
  token_malformed: () =>
    `getToken answered what is no token (a JWT: three parts, with dots between). ${LOOK_AT_GET_TOKEN}`,
  storage_failed: () => "`storage` failed: the position is not kept over a reload.",
};

const told = new Set<string>();

/** No token gets into a console, whoever wrote it into an error. */
const redacted = (text: string): string => text.replace(/[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g, "…");

/** Tells a developer, in the browser's console, what is wrong and how to mend it: once for each code and server. */
export function advise(code: string, { url = "", detail }: Circumstances = {}): void {
  const key = `${code} ${url}`;
  const page = pageOrigin() ?? "this origin";
  const mend = MENDS[code]?.(page, url || page);
  if (mend === undefined || told.has(key)) return;
  told.add(key);
  console.warn(`sio-server: ${mend}${detail ? ` (${redacted(detail)})` : ""}`);
}
