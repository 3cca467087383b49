"use client";

import type { ReactNode } from "react";
import type { AnyItem, NotificationItem } from "../core/types.ts";
import { useLabels } from "./useLabels.ts";
import { GroupEntry } from "./GroupEntry.tsx";
import type { GroupOptions, Row } from "./grouping.ts";
import { useSlots } from "./slots.ts";
import { headingOf, short } from "./texts.ts";
import type { ItemHandlers } from "./useItemHandlers.ts";

interface Props {
  row: Row;
  now: number;
  options: GroupOptions;
  handlers: ItemHandlers;
  render: (item: AnyItem) => ReactNode;
}

/** Several notifications of a kind, as the application tells them, as one entry. */
export function EntryGroup({ row, now, options, handlers, render }: Props): ReactNode {
  const labels = useLabels();
  const slot = useSlots();
  const [newest] = row;
  const unread = row.filter((item) => !item.read).map(({ id }) => id);
  const isArchived = row.every((item) => item.archived);
  const { run, actions } = handlers;
  return (
    <GroupEntry
      newest={newest}
      now={now}
      title={
        options.title?.(row as unknown as readonly NotificationItem[]) ??
        labels.group(short(headingOf(newest)), row.length)
      }
      isUnread={unread.length > 0}
      isCritical={row.some((item) => item.priority === "critical")}
      isArchived={isArchived}
      onRead={() => {
        run(actions.markRead(unread));
      }}
      onArchive={() => {
        const ids = row.map(({ id }) => id);
        run(isArchived ? actions.unarchive(ids) : actions.archive(ids));
      }}
      inside={() => (
        <ul className={slot("list")}>
          {row.map((item) => (
            <li key={item.id} data-id={item.id}>
              {render(item)}
            </li>
          ))}
        </ul>
      )}
    />
  );
}
