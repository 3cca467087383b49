"use client";

import { useMemo, useSyncExternalStore } from "react";
import type { List } from "../core/lists.ts";
import { type Action, type ListOptions, type ListState, type NotificationItem, NotifierError } from "../core/types.ts";
import { useNotificationContext } from "./context.ts";

type Ids = string | readonly string[];

export interface NotificationsResult extends Omit<ListState, "items"> {
  readonly items: readonly NotificationItem[];
  fetchMore: () => Promise<void>;
  refetch: () => Promise<void>;
  /** These show their effect at once; if it fails, it is taken back and the promise rejects. */
  markSeen: (ids: Ids) => Promise<void>;
  markRead: (ids: Ids) => Promise<void>;
  markUnread: (ids: Ids) => Promise<void>;
  archive: (ids: Ids) => Promise<void>;
  unarchive: (ids: Ids) => Promise<void>;
  markAllSeen: () => Promise<void>;
  markAllRead: () => Promise<void>;
  archiveAll: () => Promise<void>;
  /** Answers a notification with one of its `actions`, which reads it as well. */
  act: (id: string, action: string) => Promise<void>;
}

const LOADING: ListState = { items: [], isLoading: true, isFetching: false, error: undefined, hasMore: false };
const NOTHING: ListState = { ...LOADING, isLoading: false };
const NO_LIST: Omit<List, "getState"> = {
  subscribe: () => () => undefined,
  fetchMore: () => Promise.resolve(),
  refetch: () => Promise.resolve(),
};

/** A list of the inbox, newest first, kept up to date by what happens live. */
export function useNotifications(options: ListOptions = {}): NotificationsResult {
  const { notifier, isExpected } = useNotificationContext();
  const without = isExpected ? LOADING : NOTHING;
  const found = notifier?.list(options);
  const list = found ?? NO_LIST;
  const state = useSyncExternalStore(list.subscribe, found?.getState ?? (() => without), () => without);
  const actions = useMemo(() => {
    const mark = async (action: Action, ids: Ids): Promise<void> => {
      await notifier?.mark(action, typeof ids === "string" && ids !== "all" ? [ids] : ids);
    };
    return {
      fetchMore: list.fetchMore,
      refetch: list.refetch,
      markSeen: (ids: Ids) => mark("seen", ids),
      markRead: (ids: Ids) => mark("read", ids),
      markUnread: (ids: Ids) => mark("unread", ids),
      archive: (ids: Ids) => mark("archive", ids),
      unarchive: (ids: Ids) => mark("unarchive", ids),
      markAllSeen: () => mark("seen", "all"),
      markAllRead: () => mark("read", "all"),
      archiveAll: () => mark("archive", "all"),
      act: async (id: string, action: string) => {
        await notifier?.act(id, action).catch((error: unknown) => {
          // Another device was first: what it answered is fetched.
          if (error instanceof NotifierError && error.code === "already_answered") void list.refetch();
          throw error;
        });
      },
    };
  }, [notifier, list]);
  return { ...state, items: state.items as unknown as readonly NotificationItem[], ...actions };
}
