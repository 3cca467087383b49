"use client";

import {
  type ReactNode,
  type Ref,
  type RefObject,
  type UIEvent,
  useCallback,
  useContext,
  useMemo,
  useRef,
  useState,
} from "react";
import type { AnyItem, ListOptions, ListStatus, NotificationItem } from "../core/types.ts";
import { useLabels } from "./useLabels.ts";
import type { GroupOptions } from "./grouping.ts";
import { InboxBar } from "./InboxBar.tsx";
import { type Category, Choice, Filters } from "./InboxChoices.tsx";
import { type EmptyState, InboxFoot } from "./InboxFoot.tsx";
import { ChangeFailed, Stale } from "./InboxLines.tsx";
import { InboxList } from "./InboxList.tsx";
import { classOf, SlotContext, type Styling, useSlots, useStyling } from "./slots.ts";
import { CloseContext } from "./useFollow.ts";
import { useFocusKeeper } from "./useFocusKeeper.ts";
import { useGrouped } from "./useGrouped.ts";
import { type ItemOptions, useItemHandlers } from "./useItemHandlers.ts";
import { type NotificationsResult, useNotifications } from "./useNotifications.ts";
import { useUnreadCount } from "./useUnreadCount.ts";

export interface NotificationInboxProps extends Pick<ListOptions, "types" | "limit">, ItemOptions, Styling {
  /** What stands above the list; `false` for nothing. Default: "Notifications". */
  title?: ReactNode;
  /** The level of that heading; those of the days are one below. Default: 2. */
  headingLevel?: 1 | 2 | 3 | 4 | 5 | undefined;
  /** The filters offered; one alone shows no choice. Default: all three. */
  filters?: readonly ListStatus[] | undefined;
  /** Event types that belong together, each a choice beside "everything". */
  categories?: readonly Category[] | undefined;
  /** Joins what is repeated in a row into one entry that opens. Default: `false`. */
  group?: boolean | GroupOptions | undefined;
  /** By the groups that were published with `group`. Default: when there are any, and no type was chosen. */
  groups?: boolean | undefined;
  /** In place of how an item looks. */
  renderItem?: ((item: NotificationItem, actions: NotificationsResult) => ReactNode) | undefined;
  /** In place of what is shown when there is nothing. */
  emptyState?: EmptyState | undefined;
}

const FILTERS: readonly ListStatus[] = ["all", "unread", "archived"];

// Further down than this is reading: what is new then must not push it away.
const AT_TOP_PX = 8;

/** The list of notifications with its filters, and its states: loading, empty, failed, more to come. */
export function NotificationInbox({
  className,
  style,
  classNames,
  unstyled,
  ...props
}: NotificationInboxProps): ReactNode {
  const given = useStyling(classNames, unstyled);
  const root = useRef<HTMLElement>(null);
  const labels = useLabels();
  const isInPanel = useContext(CloseContext) !== undefined; // which has the name already
  const shared = { className: classOf("inbox", given, className), style };
  const content = <Content {...props} root={root} />;
  return (
    <SlotContext.Provider value={given}>
      {isInPanel ? (
        <div {...shared} ref={root as Ref<HTMLDivElement>}>
          {content}
        </div>
      ) : (
        <section {...shared} ref={root} aria-label={labels.notifications}>
          {content}
        </section>
      )}
    </SlotContext.Provider>
  );
}

type ContentProps = Omit<NotificationInboxProps, keyof Styling> & { root: RefObject<HTMLElement | null> };

function Content(props: ContentProps): ReactNode {
  const { root, filters = FILTERS, categories = [], group = false, headingLevel = 2, limit } = props;
  const slot = useSlots();
  const [chosen, setChosen] = useState<ListStatus>();
  const [category, setCategory] = useState<string>();
  const status = chosen ?? filters[0] ?? "all";
  const types = categories.find(({ label }) => label === category)?.types ?? props.types;
  const flat = useNotifications({ status, types, limit });
  const wanted = props.groups ?? (group === false ? undefined : false);
  const [list, grouped] = useGrouped(flat, { groups: wanted, status, limit, isFiltered: types !== undefined });
  const { shown, fresh, onScroll, toTop, scroll } = useHeldBack(list.items, grouped !== undefined);
  const [handlers, failed, dismiss] = useItemHandlers(list, props);
  const heading = useRef<HTMLHeadingElement>(null);
  useFocusKeeper(root, heading);

  const choose = <Value,>(set: (value: Value) => void): ((value: Value) => void) => {
    return (value) => {
      toTop();
      set(value);
    };
  };

  return (
    <>
      <InboxBar
        heading={heading}
        level={headingLevel}
        title={props.title}
        isCounted={!filters.includes("unread")}
        onMarkAll={useMarkAll(list, types !== undefined, handlers.run)}
      />
      {filters.length > 1 && (
        <Filters filters={filters} status={status} isCounted={types === undefined} onChoose={choose(setChosen)} />
      )}
      {categories.length > 0 && <Choice categories={categories} chosen={category} onChoose={choose(setCategory)} />}
      <Stale />
      {failed && <ChangeFailed onDismiss={dismiss} />}
      <div className={slot("inboxScroll")} data-scrolls="" ref={scroll} onScroll={onScroll} aria-busy={list.isLoading}>
        {fresh > 0 && <Fresh count={fresh} onClick={toTop} />}
        <InboxList
          items={shown}
          list={list}
          handlers={handlers}
          dayLevel={headingLevel + 1}
          group={grouped || group === false ? undefined : group === true ? {} : group}
          grouped={grouped}
          renderItem={props.renderItem}
        />
        <InboxFoot list={list} isEmpty={shown.length === 0} status={status} emptyState={props.emptyState} />
      </div>
    </>
  );
}

// The server takes this many ids at once.
const IDS_AT_ONCE = 100;

/** Reads everything there is; of a list of some types, what it shows. Undefined when there is nothing to be read. */
function useMarkAll(
  list: NotificationsResult,
  isOfTypes: boolean,
  run: (change: Promise<void>) => void,
): (() => void) | undefined {
  const { unread } = useUnreadCount();
  const items = list.items as unknown as readonly AnyItem[];
  const ids = isOfTypes ? items.filter((item) => !item.read).map(({ id }) => id) : [];
  if (isOfTypes ? ids.length === 0 : unread === 0) return undefined;
  return () => {
    if (!isOfTypes) {
      run(list.markAllRead());
      return;
    }
    for (let at = 0; at < ids.length; at += IDS_AT_ONCE) run(list.markRead(ids.slice(at, at + IDS_AT_ONCE)));
  };
}

/** What is new while somebody reads further down is held back, and counted. */
function useHeldBack(
  items: readonly AnyItem[],
  isGrouped: boolean,
): {
  shown: readonly AnyItem[];
  fresh: number;
  onScroll: (event: UIEvent) => void;
  toTop: () => void;
  scroll: Ref<HTMLDivElement>;
} {
  const [top, setTop] = useState<number>(); // the newest shown while somebody reads further down
  const scroll = useRef<HTMLDivElement>(null);
  // A group that somebody reads in does not go away when something is added to it.
  const isAll = top === undefined || isGrouped;
  const shown = useMemo(() => (isAll ? items : items.filter((item) => item.seq <= top)), [items, top, isAll]);
  const newest = items[0]?.seq;
  const toTop = useCallback((): void => {
    setTop(undefined);
    if (scroll.current) scroll.current.scrollTop = 0;
  }, []);
  return {
    shown,
    fresh: items.length - shown.length,
    onScroll: ({ currentTarget }) => {
      const isReading = currentTarget.scrollTop > AT_TOP_PX;
      setTop((before) => (isReading ? (before ?? newest) : undefined));
    },
    toTop,
    scroll,
  };
}

function Fresh({ count, onClick }: { count: number; onClick: () => void }): ReactNode {
  const labels = useLabels();
  const slot = useSlots();
  return (
    <button type="button" className={slot("pill")} onClick={onClick}>
      {labels.fresh(count)}
    </button>
  );
}
