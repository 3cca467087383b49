"use client";

import { type MouseEvent, useCallback, useMemo, useState } from "react";
import type { NotificationItem } from "../core/types.ts";
import { useCurrent } from "./useCurrent.ts";
import type { NotificationsResult } from "./useNotifications.ts";

/** A button of the application's on an entry: "Accept", "Decline". */
export interface ItemAction {
  label: string;
  onSelect: () => void;
  /** The one that most people will want. */
  primary?: boolean | undefined;
}

/** What an application does with the entries of a list. */
export interface ItemOptions {
  /** Called when an entry is opened, before its link is followed; `preventDefault()` keeps the link from being followed. */
  onItemClick?: ((item: NotificationItem, event: MouseEvent) => void) | undefined;
  /** Buttons on an entry, beside those to mark it and to archive it. */
  itemActions?: ((item: NotificationItem) => readonly ItemAction[]) | undefined;
}

/** What an entry does, the same object while nothing of it changes, so that entries are not rendered for nothing. */
export interface ItemHandlers extends ItemOptions {
  actions: Pick<NotificationsResult, "markRead" | "markUnread" | "archive" | "unarchive" | "act">;
  /** Waits for a change; that it failed is told in the list. */
  run: (change: Promise<void>) => void;
}

type Result = readonly [handlers: ItemHandlers, failed: boolean, dismiss: () => void];

export function useItemHandlers(list: NotificationsResult, options: ItemOptions): Result {
  const [failed, setFailed] = useState(false);
  const latest = useCurrent(options);
  const { markRead, markUnread, archive, unarchive, act } = list;
  const isClicked = options.onItemClick !== undefined;
  const hasActions = options.itemActions !== undefined;
  const run = useCallback((change: Promise<void>): void => {
    setFailed(false);
    change.catch(() => {
      setFailed(true);
    });
  }, []);
  const handlers = useMemo(
    (): ItemHandlers => ({
      actions: { markRead, markUnread, archive, unarchive, act },
      run,
      onItemClick: isClicked ? (item, event) => latest.current.onItemClick?.(item, event) : undefined,
      itemActions: hasActions ? (item) => latest.current.itemActions?.(item) ?? [] : undefined,
    }),
    [markRead, markUnread, archive, unarchive, act, run, isClicked, hasActions, latest],
  );
  const dismiss = useCallback((): void => {
    setFailed(false);
  }, []);
  return [handlers, failed, dismiss];
}
