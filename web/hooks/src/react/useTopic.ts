"use client";

import { useCallback, useMemo, useSyncExternalStore } from "react";
import { topicsOf, type TopicState } from "../core/topics.ts";
import { useNotifier } from "./context.ts";

export interface TopicResult extends TopicState {
  /** Shown at once. If it fails, it is taken back and `error` says why: the promise does not reject. */
  follow: () => Promise<void>;
  unfollow: () => Promise<void>;
}

const NOTHING: TopicState = { following: false, allowed: undefined, pending: false, error: undefined };

/** Whether this user follows a topic, on every device, and what changes that. */
export function useTopic(topic: string): TopicResult {
  const notifier = useNotifier();
  const topics = notifier && topicsOf(notifier);
  const subscribe = useCallback((listener: () => void) => topics?.subscribe(listener) ?? (() => undefined), [topics]);
  const state = useSyncExternalStore(
    subscribe,
    () => topics?.get(topic) ?? NOTHING,
    () => NOTHING,
  );
  return useMemo(
    () => ({
      ...state,
      follow: async () => topics?.set(topic, true),
      unfollow: async () => topics?.set(topic, false),
    }),
    [state, topics, topic],
  );
}
