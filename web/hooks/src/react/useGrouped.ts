"use client";

import { useState } from "react";
import type { AnyItem, ListStatus } from "../core/types.ts";
import { type InboxGroupsResult, type NotificationGroup, useInboxGroups } from "./useInboxGroups.ts";
import type { NotificationsResult } from "./useNotifications.ts";

/** The list as it is shown by groups. */
export interface Grouped {
  groups: InboxGroupsResult;
  /** By the newest of each. */
  rows: ReadonlyMap<unknown, NotificationGroup>;
  status: ListStatus;
}

interface Wanted {
  /** Whether by groups; undefined for when there are any. */
  groups: boolean | undefined;
  status: ListStatus;
  limit: number | undefined;
  /** There is a choice that the server does not know for groups. */
  isFiltered: boolean;
}

/** The list as it is, and by groups as soon as something in it belongs to one. */
export function useGrouped(list: NotificationsResult, wanted: Wanted): readonly [NotificationsResult, Grouped?] {
  const { groups: asked, status, limit, isFiltered } = wanted;
  const [found, setFound] = useState(false);
  const hasGroup = (list.items as unknown as readonly AnyItem[]).some(({ group }) => group !== undefined);
  if (hasGroup && !found) setFound(true);
  const enabled = (asked ?? (found || hasGroup)) && !isFiltered;
  const groups = useInboxGroups({ status, limit, enabled });
  // An older server knows no groups: then the list is shown.
  if (!enabled || groups.isLoading || (groups.error && !groups.items.length)) return [list];
  const { items, isLoading, isFetching, error, hasMore, fetchMore, refetch } = groups;
  const shown = {
    ...list,
    ...{ isLoading, isFetching, error, hasMore, fetchMore, refetch },
    items: items.map(({ newest }) => newest),
  };
  return [shown, { groups, status, rows: new Map(items.map((row) => [row.newest, row])) }];
}
