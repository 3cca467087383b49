"use client";

import { useCallback, useMemo, useSyncExternalStore } from "react";
import { groupsOf, type GroupsOptions, type GroupsState, type InboxGroup } from "../core/groups.ts";
import type { Action, NotificationItem } from "../core/types.ts";
import { useNotificationContext } from "./context.ts";

/** A group of the inbox with its newest notification, or a notification without a group: then `group` is null. */
export interface NotificationGroup extends Omit<InboxGroup, "newest"> {
  readonly newest: NotificationItem;
}

export interface InboxGroupsResult extends Omit<GroupsState, "items"> {
  readonly items: readonly NotificationGroup[];
  fetchMore: () => Promise<void>;
  refetch: () => Promise<void>;
  /** These reach what was never loaded, too. If one fails, it is taken back and the promise rejects. */
  markRead: (group: string) => Promise<void>;
  markUnread: (group: string) => Promise<void>;
  archive: (group: string) => Promise<void>;
  unarchive: (group: string) => Promise<void>;
}

const LOADING: GroupsState = { items: [], isLoading: true, isFetching: false, error: undefined, hasMore: false };
const NOTHING: GroupsState = { ...LOADING, isLoading: false };
const none = (): Promise<void> => Promise.resolve();

/** The inbox by groups, newest first; `useNotifications({ group })` is the inside of one. */
export function useInboxGroups(options: GroupsOptions & { enabled?: boolean | undefined } = {}): InboxGroupsResult {
  const { notifier, isExpected } = useNotificationContext();
  const { enabled = true } = options;
  const groups = enabled && notifier ? groupsOf(notifier, options) : undefined;
  const without = isExpected && enabled ? LOADING : NOTHING;
  const subscribe = useCallback((listener: () => void) => groups?.subscribe(listener) ?? (() => undefined), [groups]);
  const state = useSyncExternalStore(subscribe, groups?.getState ?? (() => without), () => without);
  const actions = useMemo(() => {
    const marks = (action: Action) => async (group: string) => notifier?.mark(action, { group });
    return {
      fetchMore: groups?.fetchMore ?? none,
      refetch: groups?.refetch ?? none,
      markRead: marks("read"),
      markUnread: marks("unread"),
      archive: marks("archive"),
      unarchive: marks("unarchive"),
    };
  }, [notifier, groups]);
  return { ...state, items: state.items as unknown as readonly NotificationGroup[], ...actions };
}
