"use client";

import type { ReactNode } from "react";
import { type AnyItem, keyOf, type NotificationItem } from "../core/types.ts";
import { useLabels } from "./useLabels.ts";
import { useNotificationContext } from "./context.ts";
import { EntryGroup } from "./EntryGroup.tsx";
import { daysOf, type GroupOptions, type Row } from "./grouping.ts";
import { NotificationEntry } from "./NotificationEntry.tsx";
import { PublishedGroup } from "./PublishedGroup.tsx";
import { useSlots } from "./slots.ts";
import type { Grouped } from "./useGrouped.ts";
import type { NotificationGroup } from "./useInboxGroups.ts";
import type { ItemHandlers } from "./useItemHandlers.ts";
import type { NotificationsResult } from "./useNotifications.ts";
import { useNow } from "./useNow.ts";

const TICK_MS = 30_000;

interface Props {
  items: readonly AnyItem[];
  list: NotificationsResult;
  handlers: ItemHandlers;
  dayLevel: number;
  group: GroupOptions | undefined;
  /** By the groups that were published. */
  grouped: Grouped | undefined;
  renderItem: ((item: NotificationItem, actions: NotificationsResult) => ReactNode) | undefined;
}

/** The entries under the days they came on. */
export function InboxList({ items, list, handlers, dayLevel, group, grouped, renderItem }: Props): ReactNode {
  const labels = useLabels();
  const { locale } = useNotificationContext();
  const slot = useSlots();
  const now = useNow(TICK_MS);
  const DayHeading = `h${dayLevel}` as "h3";

  const render = (item: AnyItem): ReactNode => {
    const shown = item as unknown as NotificationItem;
    return renderItem?.(shown, list) ?? <NotificationEntry item={shown} now={now} handlers={handlers} />;
  };
  const entry = (row: Row): ReactNode => {
    if (group && row.length > 1)
      return <EntryGroup row={row} now={now} options={group} handlers={handlers} render={render} />;
    const published = grouped?.rows.get(row[0]);
    if (!grouped || !isGroup(published)) return render(row[0]);
    return <PublishedGroup {...grouped} row={published} now={now} run={handlers.run} render={render} />;
  };
  const nameOf = (row: Row): string => {
    const published = grouped?.rows.get(row[0])?.group;
    if (published != null) return `published-${published}`;
    // Of a group by its oldest: what comes on top of it leaves it open.
    return row.length > 1 ? `group-${row[row.length - 1]?.id ?? ""}` : keyOf(row[0]);
  };

  return daysOf(items, { now, locale, labels, group }).map((day) => (
    <div key={day.key} className={slot("day")}>
      <DayHeading className={slot("dayLabel")}>{day.label}</DayHeading>
      <ul className={slot("list")}>
        {day.rows.map((row) => (
          <li key={nameOf(row)} data-id={nameOf(row)}>
            {entry(row)}
          </li>
        ))}
      </ul>
    </div>
  ));
}

type Published = NotificationGroup & { group: string };

/** One alone is shown as what it is. */
const isGroup = (row: NotificationGroup | undefined): row is Published => row?.group != null && row.count > 1;
