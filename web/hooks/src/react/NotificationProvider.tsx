"use client";

import { type ReactNode, useCallback, useInsertionEffect, useMemo, useRef, useSyncExternalStore } from "react";
import { acquire, keyOf, peek } from "../core/registry.ts";
import type { NotifierOptions } from "../core/types.ts";
import { NotificationContext } from "./context.ts";
import { type Labels, labelsOf } from "./labels.ts";

export interface NotificationProviderProps extends Omit<NotifierOptions, "user"> {
  /** Whose notifications these are; `null` while nobody is logged in: then nothing is connected. */
  user?: string | null | undefined;
  /** Texts of your own, in place of any of the components'. */
  labels?: Partial<Labels> | undefined;
  /** Your router's way to follow a link of a notification. Default: the browser's. */
  onNavigate?: ((link: string) => void) | undefined;
  children?: ReactNode;
}

const nothing = (): undefined => undefined;

/**
 * Connects while it is mounted, and shares the connection with every other provider of the same `url` and user. Only
 * these two decide which connection it is; everything else may be written inline and change with each render.
 */
export function NotificationProvider({
  children,
  user,
  labels: own,
  onNavigate,
  locale = "es",
  ...rest
}: NotificationProviderProps): ReactNode {
  const key = user === null ? undefined : keyOf({ ...rest, user });
  const options = useRef<NotifierOptions>({});
  useInsertionEffect(() => {
    options.current = { ...rest, locale, user: user ?? undefined };
    if (key !== undefined) peek(key)?.update(options.current);
  });

  const subscribe = useCallback(
    (changed: () => void): (() => void) => {
      if (key === undefined) return nothing;
      const lease = acquire(options.current);
      changed();
      return lease.release;
    },
    [key],
  );
  const find = (): ReturnType<typeof peek> => (key === undefined ? undefined : peek(key));
  const notifier = useSyncExternalStore(subscribe, find, nothing);

  const value = useMemo(
    () => ({ notifier, locale, labels: { ...labelsOf(locale), ...own }, onNavigate }),
    [notifier, locale, own, onNavigate],
  );
  return <NotificationContext.Provider value={value}>{children}</NotificationContext.Provider>;
}
