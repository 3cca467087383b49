import { digest } from "./digest.ts";
import type { NotifierOptions } from "./types.ts";

// The version of what tabs say to each other: pages of two releases of an application can be open at once.
const PROTOCOL = 1;

export const baseOf = ({ url = "" }: NotifierOptions): string => url.replace(/\/+$/, "");
export const localeOf = ({ locale = "es" }: NotifierOptions): string => locale;

/** Where the socket goes to. */
export function targetOf(options: NotifierOptions) {
  const page = typeof location === "undefined" ? undefined : location;
  const { origin, pathname } = new URL(baseOf(options) || (page?.origin ?? ""), page?.href);
  const path = `${pathname === "/" ? "" : pathname}/socket.io/`;
  return { url: origin, path, transports: options.transports ?? (["websocket", "polling"] as const).slice() };
}

/** What the handshake carries. */
export function credentialsOf(options: NotifierOptions, token: string | null, cursor: string | undefined) {
  return {
    ...options.identity,
    ...(options.key !== undefined && { key: options.key }),
    ...(token !== null && { token }),
    ...(cursor && { cursor }),
    locale: localeOf(options),
  };
}

/** The name under which the tabs of one user find each other. */
export function nameOf(options: NotifierOptions, user: string | undefined): string {
  return `sio-server.${PROTOCOL}|${baseOf(options)}|${JSON.stringify([user, options.identity, digest(options.key)])}`;
}
