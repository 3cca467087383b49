import { digest } from "./digest.ts";
import { languageTag } from "./locale.ts";
import { milliseconds } from "./settings.ts";
import { NotifierError, type NotifierOptions } from "./types.ts";

// The version of what tabs say to each other: pages of two releases of an application can be open at once.
const PROTOCOL = 1;

const HIDDEN_MS = 30_000;

/** Where the server is, as `fetch` takes it: empty for the page's own site. */
export const baseOf = ({ url }: NotifierOptions): string =>
  String((url as string | URL | null) ?? "")
    .trim()
    .replace(/^ws(?=s?:)/i, "http")
    .replace(/\/+$/, "");

export const localeOf = ({ locale }: NotifierOptions): string => languageTag(locale);

/** Milliseconds hidden after which no connection is needed. */
export const pauseOf = ({ pauseWhenHidden }: NotifierOptions): number =>
  pauseWhenHidden === false ? Infinity : milliseconds(pauseWhenHidden, HIDDEN_MS);

/** Where the socket goes to. Throws a `NotifierError` (`invalid_url`) where that is no address of a server. */
export function targetOf(options: NotifierOptions): { url: string; path: string } {
  const page = typeof location === "undefined" ? undefined : location;
  const base = baseOf(options) || (page?.origin ?? "");
  try {
    const { origin, pathname, protocol } = new URL(base, page?.href);
    if (/^https?:$/.test(protocol)) return { url: origin, path: `${pathname === "/" ? "" : pathname}/socket.io/` };
  } catch {
    // no URL at all
  }
  throw new NotifierError("invalid_url", base);
}

/** What the handshake carries. */
export function credentialsOf(options: NotifierOptions, token: string | null, cursor: string | undefined) {
  return {
    ...options.identity,
    ...(options.key != null && { key: options.key }),
    ...(token !== null && { token }),
    ...(cursor && { cursor }),
    locale: localeOf(options),
  };
}

/** The name under which the tabs of one user find each other. */
export function nameOf(options: NotifierOptions, user: string | undefined): string {
  return `sio-server.${PROTOCOL}|${baseOf(options)}|${JSON.stringify([user, options.identity, digest(options.key)])}`;
}
