"use client";

import { useCallback, useMemo } from "react";
import { reasonOf } from "../core/reasons.ts";
import type { ConnectionState } from "../core/types.ts";
import { useNotificationContext } from "./context.ts";
import { useNotifierState } from "./useNotifierState.ts";

export interface ConnectionStatusResult extends ConnectionState {
  /** Why there is no connection: a stable code (the server's, or one of the kit's own), and a sentence in the provider's language. */
  error: { code: string; text: string } | undefined;
  retryNow: () => void;
}

/** How the connection stands, why it is gone when it is, and a way to try again at once. */
export function useConnectionStatus(): ConnectionStatusResult {
  const { notifier, locale } = useNotificationContext();
  const connection = useNotifierState((state) => state.connection);
  const retryNow = useCallback(() => notifier?.retryNow(), [notifier]);
  return useMemo(() => {
    const code = connection.lastError;
    return { ...connection, error: code ? { code, text: reasonOf(code, locale) } : undefined, retryNow };
  }, [connection, locale, retryNow]);
}
