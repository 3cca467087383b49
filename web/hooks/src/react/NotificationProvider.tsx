"use client";

import {
  type ReactNode,
  useCallback,
  useInsertionEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { acquire, keyOf, peek } from "../core/registry.ts";
import type { AnyNotification, NotifierOptions } from "../core/types.ts";
import { NotificationContext } from "./context.ts";
import type { Labels } from "./labels/types.ts";
import { createPanels } from "./panels.ts";
import { tagOf } from "./tags.ts";
import { useCurrent } from "./useCurrent.ts";
import { useShallow } from "./useShallow.ts";

export interface NotificationProviderProps extends Omit<NotifierOptions, "user"> {
  /** Whose notifications these are; `null` while nobody is logged in: then nothing is connected. */
  user?: string | null | undefined;
  /**
   * Texts of your own, in place of any of the components'. For a language that the kit does not have, give all of them:
   * what is missing is in English.
   */
  labels?: Partial<Labels> | undefined;
  /** Your router's way to follow a link of a notification within this site. Default: the browser's. */
  onNavigate?: ((link: string) => void) | undefined;
  /** In place of the icon of a notification, in lists and toasts; `undefined` leaves it as it is. */
  renderIcon?: ((notification: AnyNotification) => ReactNode) | undefined;
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
  renderIcon,
  locale = "es",
  ...rest
}: NotificationProviderProps): ReactNode {
  const tag = tagOf(locale, own !== undefined);
  const key = user === null ? undefined : keyOf({ ...rest, user });
  const options = useRef<NotifierOptions>({});
  useInsertionEffect(() => {
    options.current = { ...rest, locale: tag, user: user ?? undefined };
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

  const [panels] = useState(createPanels);
  const texts = useShallow(own);
  const navigate = useStable(onNavigate);
  const icon = useStable(renderIcon);
  const value = useMemo(
    () => ({ notifier, isExpected: key !== undefined, locale: tag, texts, navigate, renderIcon: icon, panels }),
    [notifier, key, tag, texts, navigate, icon, panels],
  );
  return <NotificationContext.Provider value={value}>{children}</NotificationContext.Provider>;
}

/** The same function in each render, which calls the latest; undefined while there is none. */
function useStable<Args extends unknown[], Result>(
  given: ((...args: Args) => Result) | undefined,
): ((...args: Args) => Result | undefined) | undefined {
  const latest = useCurrent(given);
  const call = useCallback((...args: Args) => latest.current?.(...args), [latest]);
  return given && call;
}
