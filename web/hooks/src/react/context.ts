"use client";

import { createContext, type ReactNode, useContext, useEffect } from "react";
import type { Notifier } from "../core/notifier.ts";
import type { AnyNotification } from "../core/types.ts";
import type { Labels } from "./labels/types.ts";
import { createPanels, type Panels } from "./panels.ts";

export interface Notifications {
  /** Undefined until the page runs, and while nobody is logged in. */
  notifier: Notifier | undefined;
  /** Whether there is one as soon as the page runs: somebody is logged in. */
  isExpected: boolean;
  /** A BCP 47 tag. */
  locale: string;
  /** The application's own. */
  texts: Partial<Labels> | undefined;
  /** Follows a link within the application; without a router, as the browser does. */
  navigate: ((link: string) => void) | undefined;
  renderIcon: ((notification: AnyNotification) => ReactNode) | undefined;
  panels: Panels;
}

/** What there is outside of a provider: nothing is connected, and nothing breaks. */
const NOBODY: Notifications = {
  notifier: undefined,
  isExpected: false,
  locale: "es",
  texts: undefined,
  navigate: undefined,
  renderIcon: undefined,
  panels: createPanels(),
};

export const NotificationContext = createContext<Notifications | undefined>(undefined);

let told = false;

/** The page goes on without notifications: they are never worth a white page. Its developer is told, once. */
export function useNotificationContext(): Notifications {
  const context = useContext(NotificationContext);
  const missing = !context;
  useEffect(() => {
    if (!missing || told) return;
    told = true;
    console.error(
      "@sio-server/react: a hook or component is used outside of <NotificationProvider>, so it has no connection and " +
        "stays empty. Put the provider around it, as near to the root of the application as possible.",
    );
  }, [missing]);
  return context ?? NOBODY;
}

/** The connection itself, for what no hook does; undefined until the page runs, and while nobody is logged in. */
export const useNotifier = (): Notifier | undefined => useNotificationContext().notifier;
