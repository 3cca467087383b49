"use client";

import { type ReactNode, useState } from "react";
import { type AnyItem, keyOf, type ListStatus } from "../core/types.ts";
import { useLabels } from "./useLabels.ts";
import { GroupEntry } from "./GroupEntry.tsx";
import { useSlots } from "./slots.ts";
import { headingOf, short } from "./texts.ts";
import type { ItemHandlers } from "./useItemHandlers.ts";
import type { InboxGroupsResult, NotificationGroup } from "./useInboxGroups.ts";
import { useNotifications } from "./useNotifications.ts";

interface Props {
  row: NotificationGroup & { group: string };
  status: ListStatus;
  now: number;
  groups: InboxGroupsResult;
  run: ItemHandlers["run"];
  render: (item: AnyItem) => ReactNode;
}

/** What was published with the same `group` as one entry: it counts what was never loaded, too. */
export function PublishedGroup({ row, status, now, groups, run, render }: Props): ReactNode {
  const labels = useLabels();
  const { group, heading, count, unread } = row;
  const newest = row.newest as unknown as AnyItem;
  const [asked, setAsked] = useState(false); // to read them all, which the server has not counted yet
  const isArchived = status === "archived";
  return (
    <GroupEntry
      newest={newest}
      now={now}
      title={heading ?? labels.group(short(headingOf(newest)), count)}
      isUnread={unread > 0 && !asked}
      isCritical={newest.priority === "critical"}
      isArchived={isArchived}
      onRead={() => {
        setAsked(true);
        const done = (): void => {
          setAsked(false);
        };
        run(groups.markRead(group).then(groups.refetch).finally(done));
      }}
      onArchive={() => {
        run((isArchived ? groups.unarchive(group) : groups.archive(group)).then(groups.refetch));
      }}
      inside={() => <Inside group={group} status={status} render={render} />}
    />
  );
}

function Inside({ group, status, render }: Pick<Props, "status" | "render"> & { group: string }): ReactNode {
  const labels = useLabels();
  const slot = useSlots();
  const { items, hasMore, isFetching, fetchMore } = useNotifications({ group, status });
  return (
    <>
      <ul className={slot("list")} aria-busy={isFetching}>
        {(items as unknown as readonly AnyItem[]).map((item) => (
          <li key={keyOf(item)} data-id={keyOf(item)}>
            {render(item)}
          </li>
        ))}
      </ul>
      {hasMore && (
        <button
          type="button"
          className={slot("more")}
          aria-disabled={isFetching || undefined}
          onClick={() => {
            if (!isFetching) void fetchMore();
          }}
        >
          {isFetching ? labels.loading : labels.more}
        </button>
      )}
    </>
  );
}
