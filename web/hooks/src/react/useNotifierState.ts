"use client";

import { useCallback, useSyncExternalStore } from "react";
import { NO_STATE } from "../core/notifier.ts";
import type { NotifierState } from "../core/types.ts";
import { useNotifier } from "./context.ts";

/** A part of the state; `select` gives the same value for the same state. */
export function useNotifierState<Part>(select: (state: NotifierState) => Part): Part {
  const notifier = useNotifier();
  const subscribe = useCallback(
    (listener: () => void) => notifier?.subscribe(listener) ?? (() => undefined),
    [notifier],
  );
  return useSyncExternalStore(
    subscribe,
    () => select(notifier?.getState() ?? NO_STATE),
    () => select(NO_STATE),
  );
}
