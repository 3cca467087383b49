"use client";

import { type ReactNode, useState } from "react";
import type { AnyItem, AnyNotification } from "../core/types.ts";
import { useLabels } from "./useLabels.ts";
import { useNotificationContext } from "./context.ts";
import { Action } from "./EntryActions.tsx";
import { EntryIcon } from "./EntryIcon.tsx";
import { Icon } from "./icons.tsx";
import { HIDDEN, useSlots } from "./slots.ts";
import { fullTime, relativeTime } from "./times.ts";

interface Props {
  newest: AnyItem;
  now: number;
  title: string;
  isUnread: boolean;
  isCritical: boolean;
  isArchived: boolean;
  onRead: () => void;
  /** Archives it, or takes it out of the archive. */
  onArchive: () => void;
  /** What is in it, once it is open. */
  inside: () => ReactNode;
}

/** Several notifications as one entry, which opens to show each of them. */
export function GroupEntry({ newest, now, title, isUnread, isCritical, isArchived, ...props }: Props): ReactNode {
  const labels = useLabels();
  const { locale } = useNotificationContext();
  const slot = useSlots();
  const [open, setOpen] = useState(false);
  return (
    <div className={slot("group")} data-open={open || undefined}>
      <div
        className={slot("item")}
        data-group=""
        data-clickable=""
        data-unread={isUnread || undefined}
        data-priority={isCritical ? "critical" : newest.priority}
      >
        <EntryIcon notification={newest as unknown as AnyNotification} />
        <div className={slot("itemText")}>
          {isUnread && <span style={HIDDEN}>{labels.isUnread}: </span>}
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
          {isUnread && <span className={slot("dot")} aria-hidden="true" />}
        </time>
        <div className={slot("itemActions")}>
          {isUnread && <Action name="read" icon="check" label={labels.markRead} title={title} onClick={props.onRead} />}
          <Action
            name="archive"
            icon={isArchived ? "unarchive" : "archive"}
            label={isArchived ? labels.unarchive : labels.archive}
            title={title}
            onClick={props.onArchive}
          />
        </div>
      </div>
      {open && props.inside()}
    </div>
  );
}
