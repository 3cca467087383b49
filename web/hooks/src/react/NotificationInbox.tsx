"use client";

import { type ReactNode, type UIEvent, useState } from "react";
import type { AnyItem, ListOptions, ListStatus, NotificationItem } from "../core/types.ts";
import { useNotificationContext } from "./context.ts";
import type { Labels } from "./labels.ts";
import { NotificationEntry } from "./NotificationEntry.tsx";
import { dayLabel } from "./times.ts";
import { type NotificationsResult, useNotifications } from "./useNotifications.ts";
import { useNow } from "./useNow.ts";

export interface NotificationInboxProps extends Pick<ListOptions, "types" | "limit"> {
  /** The filters offered; one alone shows no choice. Default: all three. */
  filters?: readonly ListStatus[];
  /** In place of how an item looks. */
  renderItem?: (item: NotificationItem, actions: NotificationsResult) => ReactNode;
  emptyState?: ReactNode;
}

const FILTERS: readonly ListStatus[] = ["all", "unread", "archived"];

// Further down than this is reading: what is new then must not push it away.
const AT_TOP_PX = 8;

const TICK_MS = 30_000;

/** The list of notifications with its filters, and its states: loading, empty, failed, more to come. */
export function NotificationInbox(props: NotificationInboxProps): ReactNode {
  const { filters = FILTERS, renderItem, emptyState, types, limit } = props;
  const { labels } = useNotificationContext();
  const [chosen, setChosen] = useState<ListStatus>();
  const status = chosen ?? filters[0] ?? "all";
  const list = useNotifications({ status, types, limit });
  const [top, setTop] = useState<number>(); // the newest shown while somebody reads further down
  const items = list.items as unknown as readonly AnyItem[];
  const shown = top === undefined ? items : items.filter((item) => item.seq <= top);
  const fresh = items.length - shown.length;

  function scrolled({ currentTarget }: UIEvent): void {
    setTop(currentTarget.scrollTop > AT_TOP_PX ? (top ?? items[0]?.seq) : undefined);
  }

  const render = renderItem && ((item: AnyItem) => renderItem(item as unknown as NotificationItem, list));
  return (
    <section className="sio-inbox" aria-label={labels.notifications} aria-busy={list.isLoading}>
      <div className="sio-inbox-bar">
        {filters.length > 1 && <Filters filters={filters} status={status} labels={labels} onChoose={setChosen} />}
        <button type="button" className="sio-quiet" onClick={() => void list.markAllRead().catch(() => undefined)}>
          {labels.markAllRead}
        </button>
      </div>
      {fresh > 0 && (
        <button type="button" className="sio-pill" onClick={() => setTop(undefined)}>
          {labels.fresh(fresh)}
        </button>
      )}
      <div className="sio-inbox-scroll" onScroll={scrolled}>
        <Days items={shown} list={list} render={render} />
        <Foot list={list} empty={shown.length === 0} text={emptyState ?? emptyText(labels, status)} labels={labels} />
      </div>
    </section>
  );
}

function emptyText(labels: Labels, status: ListStatus): string {
  return { all: labels.emptyAll, unread: labels.emptyUnread, archived: labels.emptyArchived }[status];
}

function Filters(props: {
  filters: readonly ListStatus[];
  status: ListStatus;
  labels: Labels;
  onChoose: (status: ListStatus) => void;
}): ReactNode {
  return (
    <div role="group" aria-label={props.labels.notifications} className="sio-filters">
      {props.filters.map((filter) => (
        <button
          key={filter}
          type="button"
          aria-pressed={filter === props.status}
          onClick={() => {
            props.onChoose(filter);
          }}
        >
          {props.labels[filter]}
        </button>
      ))}
    </div>
  );
}

function Days(props: {
  items: readonly AnyItem[];
  list: NotificationsResult;
  render: ((item: AnyItem) => ReactNode) | undefined;
}): ReactNode {
  const { labels, locale } = useNotificationContext();
  const now = useNow(TICK_MS);
  const days: { label: string; items: AnyItem[] }[] = [];
  for (const item of props.items) {
    const label = dayLabel(item.timestamp, now, locale, labels);
    const last = days[days.length - 1];
    if (last?.label === label) last.items.push(item);
    else days.push({ label, items: [item] });
  }
  return days.map((day) => (
    <div key={day.items[0]?.id} className="sio-day">
      <h3 className="sio-day-label">{day.label}</h3>
      <ul className="sio-list">
        {day.items.map((item) => (
          <li key={item.id}>
            {props.render?.(item) ?? (
              <NotificationEntry item={item as unknown as NotificationItem} now={now} actions={props.list} />
            )}
          </li>
        ))}
      </ul>
    </div>
  ));
}

function Foot(props: { list: NotificationsResult; empty: boolean; text: ReactNode; labels: Labels }): ReactNode {
  const { list, labels } = props;
  if (list.isLoading) return <p className="sio-note">{labels.loading}</p>;
  if (list.error) {
    return (
      <div className="sio-note" role="alert">
        <p>{labels.failed}</p>
        <button type="button" onClick={() => void list.refetch()}>
          {labels.retry}
        </button>
      </div>
    );
  }
  if (list.hasMore) {
    return (
      <button type="button" className="sio-more" disabled={list.isFetching} onClick={() => void list.fetchMore()}>
        {list.isFetching ? labels.loading : labels.more}
      </button>
    );
  }
  return props.empty ? <div className="sio-note">{props.text}</div> : null;
}
