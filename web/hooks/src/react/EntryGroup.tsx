"use client";

import { type ReactNode, useState } from "react";
import type { AnyItem, AnyNotification, NotificationItem } from "../core/types.ts";
import { useLabels } from "./useLabels.ts";
import { useNotificationContext } from "./context.ts";
import { Action } from "./EntryActions.tsx";
import { EntryIcon } from "./EntryIcon.tsx";
import type { GroupOptions, Row } from "./grouping.ts";
import { Icon } from "./icons.tsx";
import { HIDDEN, useSlots } from "./slots.ts";
import { headingOf, short } from "./texts.ts";
import { fullTime, relativeTime } from "./times.ts";
import type { ItemHandlers } from "./useItemHandlers.ts";

interface Props {
  row: Row;
  now: number;
  options: GroupOptions;
  handlers: ItemHandlers;
  render: (item: AnyItem) => ReactNode;
}

/** Several notifications of a kind as one entry, which opens to show each of them. */
export function EntryGroup({ row, now, options, handlers, render }: Props): ReactNode {
  const labels = useLabels();
  const { locale } = useNotificationContext();
  const slot = useSlots();
  const [open, setOpen] = useState(false);
  const [newest] = row;
  const unread = row.filter((item) => !item.read).map(({ id }) => id);
  const heading = headingOf(newest);
  const title =
    options.title?.(row as unknown as readonly NotificationItem[]) ?? labels.group(short(heading), row.length);
  const isArchived = row.every((item) => item.archived);
  const { run, actions } = handlers;
  return (
    <div className={slot("group")} data-open={open || undefined}>
      <div
        className={slot("item")}
        data-group=""
        data-clickable=""
        data-unread={unread.length > 0 || undefined}
        data-priority={row.some((item) => item.priority === "critical") ? "critical" : newest.priority}
      >
        <EntryIcon notification={newest as unknown as AnyNotification} />
        <div className={slot("itemText")}>
          {unread.length > 0 && <span style={HIDDEN}>{labels.isUnread}: </span>}
          <button
            type="button"
            className={slot("groupToggle")}
            data-action="group"
            aria-expanded={open}
            onClick={() => {
              setOpen(!open);
            }}
          >
            <span dir="auto">{title}</span>
            <Icon name="chevron" size={16} />
          </button>
          {!open && (
            <p className={slot("itemMessage")} dir="auto">
              {newest.message}
            </p>
          )}
        </div>
        <time className={slot("itemTime")} dateTime={newest.timestamp} title={fullTime(newest.timestamp, locale)}>
          {relativeTime(newest.timestamp, now, locale, "short")}
          {unread.length > 0 && <span className={slot("dot")} aria-hidden="true" />}
        </time>
        <div className={slot("itemActions")}>
          {unread.length > 0 && (
            <Action
              name="read"
              icon="check"
              label={labels.markRead}
              title={title}
              onClick={() => {
                run(actions.markRead(unread));
              }}
            />
          )}
          <Action
            name="archive"
            icon={isArchived ? "unarchive" : "archive"}
            label={isArchived ? labels.unarchive : labels.archive}
            title={title}
            onClick={() => {
              const ids = row.map(({ id }) => id);
              run(isArchived ? actions.unarchive(ids) : actions.archive(ids));
            }}
          />
        </div>
      </div>
      {open && (
        <ul className={slot("list")}>
          {row.map((item) => (
            <li key={item.id} data-id={item.id}>
              {render(item)}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
