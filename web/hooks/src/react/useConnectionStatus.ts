"use client";

import { useCallback, useMemo } from "react";
import type { ConnectionState } from "../core/types.ts";
import { useNotifier } from "./context.ts";
import { useNotifierState } from "./useNotifierState.ts";

export interface ConnectionStatusResult extends ConnectionState {
  retryNow: () => void;
}

export function useConnectionStatus(): ConnectionStatusResult {
  const notifier = useNotifier();
  const connection = useNotifierState((state) => state.connection);
  const retryNow = useCallback(() => notifier?.retryNow(), [notifier]);
  return useMemo(() => ({ ...connection, retryNow }), [connection, retryNow]);
}
