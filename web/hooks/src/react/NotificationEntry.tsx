"use client";

import type { MouseEvent, ReactNode } from "react";
import { safeLink } from "../core/links.ts";
import type { AnyItem, NotificationItem } from "../core/types.ts";
import { useNotificationContext } from "./context.ts";
import { relativeTime } from "./times.ts";
import type { NotificationsResult } from "./useNotifications.ts";

interface Props {
  item: NotificationItem;
  now: number;
  actions: Pick<NotificationsResult, "markRead" | "markUnread" | "archive" | "unarchive">;
}

const ignore = (): void => undefined; // it was taken back, and the list shows that

/** One notification: what it says as text, never as HTML; the link apart from the buttons. */
export function NotificationEntry({ item, now, actions }: Props): ReactNode {
  const { labels, locale, onNavigate } = useNotificationContext();
  const { id, title, message, timestamp, priority, read, archived, link } = item as unknown as AnyItem;
  const href = safeLink(link);

  function follow(event: MouseEvent): void {
    if (!read) actions.markRead(id).catch(ignore);
    const elsewhere = event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0;
    if (!href || !onNavigate || elsewhere) return;
    event.preventDefault();
    onNavigate(href);
  }

  const heading = title ?? message;
  return (
    <div className="sio-item" data-unread={!read || undefined} data-priority={priority}>
      <div className="sio-item-text">
        {!read && <span className="sio-hidden">{labels.isUnread}: </span>}
        {href ? (
          <a className="sio-item-title" href={href} onClick={follow}>
            {heading}
          </a>
        ) : (
          <span className="sio-item-title">{heading}</span>
        )}
        {title !== null && message && <p className="sio-item-message">{message}</p>}
        <time className="sio-item-time" dateTime={timestamp} title={new Date(timestamp).toLocaleString(locale)}>
          {relativeTime(timestamp, now, locale)}
        </time>
      </div>
      <div className="sio-item-actions">
        <button type="button" onClick={() => void actions[read ? "markUnread" : "markRead"](id).catch(ignore)}>
          {read ? labels.markUnread : labels.markRead}
        </button>
        <button type="button" onClick={() => void actions[archived ? "unarchive" : "archive"](id).catch(ignore)}>
          {archived ? labels.unarchive : labels.archive}
        </button>
      </div>
    </div>
  );
}
