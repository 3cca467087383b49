"use client";

import { createContext, type MouseEvent, useCallback, useContext } from "react";
import { useNotificationContext } from "./context.ts";

/** What closes the panel around; nothing where there is none. */
export const CloseContext = createContext<(() => void) | undefined>(undefined);

/** Another site is the browser's to go to: a router knows nothing of it. */
function isOutside(href: string): boolean {
  try {
    return new URL(href, location.href).origin !== location.origin;
  } catch {
    return false;
  }
}

/** Whether the browser does something else with it: a new tab, a window, a download. */
const isElsewhere = (event: MouseEvent): boolean =>
  event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button !== 0;

/**
 * Follows the link of a notification: within the site by the application's router, elsewhere as the browser does. The
 * panel that it was in closes.
 */
export function useFollow(): (event: MouseEvent, href: string) => void {
  const { navigate } = useNotificationContext();
  const close = useContext(CloseContext);
  return useCallback(
    (event, href) => {
      if (event.defaultPrevented) {
        close?.();
        return;
      }
      if (isElsewhere(event)) return;
      if (navigate && !isOutside(href)) {
        event.preventDefault();
        navigate(href);
      }
      close?.();
    },
    [navigate, close],
  );
}

/** The same from a button, which the browser would not follow. */
export function useGo(): (href: string) => void {
  const { navigate } = useNotificationContext();
  return useCallback(
    (href) => {
      if (navigate && !isOutside(href)) navigate(href);
      else location.assign(href);
    },
    [navigate],
  );
}
