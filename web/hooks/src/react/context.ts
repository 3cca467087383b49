"use client";

import { createContext, useContext } from "react";
import type { Notifier } from "../core/notifier.ts";
import type { Labels } from "./labels.ts";

export interface Notifications {
  /** Undefined until the page runs, and while nobody is logged in. */
  notifier: Notifier | undefined;
  locale: string;
  labels: Labels;
  onNavigate: ((link: string) => void) | undefined;
}

export const NotificationContext = createContext<Notifications | undefined>(undefined);

export function useNotificationContext(): Notifications {
  const context = useContext(NotificationContext);
  if (!context) throw new Error("sio-server: put <NotificationProvider> around what uses notifications");
  return context;
}

/** The connection itself, for what no hook does; undefined until the page runs, and while nobody is logged in. */
export const useNotifier = (): Notifier | undefined => useNotificationContext().notifier;
