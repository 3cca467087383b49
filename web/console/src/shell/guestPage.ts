import type { Stand } from "../guest/port.ts";
import { useHashPath } from "./address.ts";

/** Pages of their own, beside the console: whoever opens one shows a pass in place of signing in. */
export const GUEST_PAGES = { phone: "/telefono", desk: "/escritorio" } as const satisfies Record<Stand, string>;

/** Whose page the address is; null for the console's own. */
export function useGuestPage(): Stand | null {
  const [path] = useHashPath();
  const found = Object.entries(GUEST_PAGES).find(([, page]) => page === path);
  return found === undefined ? null : (found[0] as Stand);
}
