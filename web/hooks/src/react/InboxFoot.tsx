"use client";

import { type ReactNode, useEffect, useRef, useState } from "react";
import type { ListStatus } from "../core/types.ts";
import { useLabels } from "./useLabels.ts";
import { Icon, type IconName } from "./icons.tsx";
import { HIDDEN, useSlots } from "./slots.ts";
import { useConnectionStatus } from "./useConnectionStatus.ts";
import { useMore } from "./useMore.ts";
import type { NotificationsResult } from "./useNotifications.ts";

/** What is shown in place of an empty list. */
export type EmptyState = ReactNode | ((status: ListStatus) => ReactNode);

interface Props {
  list: NotificationsResult;
  isEmpty: boolean;
  status: ListStatus;
  emptyState: EmptyState | undefined;
}

/** The end of the list: that it is being loaded, failed, goes on, or that there is nothing. */
export function InboxFoot({ list, isEmpty, status, emptyState }: Props): ReactNode {
  const end = useRef<HTMLDivElement>(null);
  const { isFetching, isLoading, hasMore, error, items } = list;
  useMore(end, {
    canFetch: hasMore && !isFetching && !error,
    count: items.length,
    fetch: list.fetchMore,
  });
  // Nothing of what is known fits the filter: the next page is fetched, without a button that leads nowhere.
  const isSearching = isEmpty && hasMore && !error;
  useSearch(isSearching, list.fetchMore);
  if (isLoading || isSearching) return <Skeleton />;
  if (error) return <Failed list={list} />;
  if (hasMore) {
    return (
      <div ref={end}>
        <More list={list} />
      </div>
    );
  }
  return isEmpty ? <Nothing status={status} emptyState={emptyState} /> : null;
}

/** Fetches page after page until there is something to show, or nothing more. */
function useSearch(isSearching: boolean, fetchMore: () => Promise<void>): void {
  // Not by whether it is fetching: a fetch may begin and end between two renders.
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (!isSearching) return undefined;
    let ended = false;
    void fetchMore().then(() => {
      if (!ended) setRound(round + 1);
    });
    return () => {
      ended = true;
    };
  }, [isSearching, fetchMore, round]);
}

const ROWS = [0, 1, 2, 3];

function Skeleton(): ReactNode {
  const labels = useLabels();
  const slot = useSlots();
  return (
    <div role="status">
      <span style={HIDDEN}>{labels.loading}</span>
      {ROWS.map((row) => (
        <div key={row} className={slot("skeleton")} aria-hidden="true">
          <span />
          <span />
          <span />
        </div>
      ))}
    </div>
  );
}

function Failed({ list }: { list: NotificationsResult }): ReactNode {
  const labels = useLabels();
  const slot = useSlots();
  const { status } = useConnectionStatus();
  return (
    <div className={slot("note")} role="alert">
      <span className={slot("noteIcon")}>
        <Icon name={status === "offline" ? "offline" : "alert"} size={24} />
      </span>
      <p>{status === "offline" ? labels.offline : labels.failed}</p>
      <button
        type="button"
        className={slot("retry")}
        aria-disabled={list.isFetching || undefined}
        onClick={() => {
          if (!list.isFetching) void list.refetch();
        }}
      >
        {labels.retry}
      </button>
    </div>
  );
}

/** Beside scrolling, for keyboards; never disabled, or the focus would be gone. */
function More({ list }: { list: NotificationsResult }): ReactNode {
  const labels = useLabels();
  const slot = useSlots();
  return (
    <button
      type="button"
      className={slot("more")}
      data-action="more"
      aria-disabled={list.isFetching || undefined}
      onClick={() => {
        if (!list.isFetching) void list.fetchMore();
      }}
    >
      {list.isFetching ? labels.loading : labels.more}
    </button>
  );
}

const EMPTY: Record<ListStatus, { label: "emptyAll" | "emptyUnread" | "emptyArchived"; icon: IconName }> = {
  all: { label: "emptyAll", icon: "bell" },
  unread: { label: "emptyUnread", icon: "checks" },
  archived: { label: "emptyArchived", icon: "archive" },
};

function Nothing({ status, emptyState }: Pick<Props, "status" | "emptyState">): ReactNode {
  const labels = useLabels();
  const slot = useSlots();
  const own = typeof emptyState === "function" ? emptyState(status) : emptyState;
  if (own !== undefined && own !== null) return <div className={slot("note")}>{own}</div>;
  const { label, icon } = EMPTY[status];
  return (
    <div className={slot("note")}>
      <span className={slot("noteIcon")}>
        <Icon name={icon} size={26} />
      </span>
      <p>{labels[label]}</p>
    </div>
  );
}
