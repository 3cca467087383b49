import type { Notifier } from "./notifier.ts";
import { whole } from "./settings.ts";
import { createTimer } from "./timers.ts";
import { type AnyItem, keyOf, type ListStatus } from "./types.ts";

const PAGE = 25;
const MAX_PAGE = 100;

// What changes in a burst is asked for once, and in a storm once a second.
const SOON_MS = 60;
const APART_MS = 1_000;

// What tells that the groups are others by now.
const NEWS = ["ns:hello", "ns:sync", "ns:state", "ns:updated", "ns:removed", "ns:answered"];

/** Notifications that were published with the same `group`, or one that was published with none: then it is alone. */
export interface InboxGroup {
  readonly group: string | null;
  /** What the catalogue says of so many: "5 nuevas reservas". */
  readonly heading: string | null;
  readonly count: number;
  readonly unread: number;
  readonly newest: AnyItem;
}

export interface GroupsState {
  readonly items: readonly InboxGroup[];
  readonly isLoading: boolean;
  readonly isFetching: boolean;
  readonly error: Error | undefined;
  readonly hasMore: boolean;
}

export interface GroupsOptions {
  status?: ListStatus | undefined;
  /** Groups in one page, at most 100. Default: 25. */
  limit?: number | undefined;
}

interface Page {
  items: InboxGroup[];
  next_before: number | null;
}

const nameOf = ({ group, newest }: InboxGroup): string => (group === null ? `1 ${keyOf(newest)}` : `n ${group}`);

/** The inbox by groups, the newest first, as long as somebody subscribes to it. */
export function createGroups(notifier: Notifier, { status = "all", limit }: GroupsOptions) {
  const size = whole(limit, { least: 1, most: MAX_PAGE, otherwise: PAGE });
  const listeners = new Set<() => void>();
  const timer = createTimer();
  let rows: readonly InboxGroup[] = [];
  let next: number | null | undefined; // undefined before the first page
  let fetching: Promise<void> | undefined;
  let heard = 0; // grows with whatever makes an answer that was asked for before it old
  let last = -Infinity;
  let error: Error | undefined;
  let user: string | null | undefined;
  let state: GroupsState | undefined;
  let basis: unknown;

  function tell(): void {
    state = undefined;
    for (const listener of [...listeners]) listener();
  }

  async function page(before: number | undefined): Promise<void> {
    const since = heard;
    const whose = notifier.getState().user;
    const most = before === undefined ? Math.min(MAX_PAGE, Math.max(size, rows.length)) : size;
    const query = { status, limit: String(most), before: before?.toString() };
    const found = await notifier.call<Page>("GET", "/v1/inbox/groups", { query });
    if (whose !== notifier.getState().user) return;
    if (since === heard) notifier.learn(found.items.map(({ newest }) => newest));
    const fresh = new Set(found.items.map(nameOf));
    const others = rows.filter((row) => !fresh.has(nameOf(row)));
    if (before !== undefined) {
      rows = [...others, ...found.items];
      next = found.next_before;
      return;
    }
    // The top once more says nothing of what is below it.
    const below = others.filter(({ newest }) => found.next_before !== null && newest.seq < found.next_before);
    rows = [...found.items, ...below];
    next = below.length ? next : found.next_before;
  }

  function fetch(before?: number): Promise<void> {
    timer.clear();
    const since = heard;
    fetching ??= page(before)
      .then(
        () => void (error = undefined),
        (failure: unknown) => void (error = failure instanceof Error ? failure : new Error(String(failure))),
      )
      .then(() => {
        fetching = undefined;
        last = Date.now();
        if (since !== heard) renew();
        tell();
      });
    tell();
    return fetching;
  }

  function renew(): void {
    heard++;
    if (fetching || timer.isSet() || !listeners.size) return;
    timer.set(Math.max(SOON_MS, last + APART_MS - Date.now()), () => void fetch());
  }

  /** What is known of the newest of each is shown at once, the counters when the server has told them. */
  function build(items: readonly AnyItem[]): GroupsState {
    const known = new Map(items.map((item) => [keyOf(item), item]));
    const shown = rows.flatMap((row): InboxGroup[] => {
      const newest = known.get(keyOf(row.newest)) ?? row.newest;
      if (row.group !== null) return newest === row.newest ? [row] : [{ ...row, newest }];
      if (newest.archived !== (status === "archived") || (status === "unread" && newest.read)) return [];
      return [{ ...row, newest, unread: Number(!newest.read) }];
    });
    return {
      items: shown,
      isLoading: next === undefined && !error,
      isFetching: fetching !== undefined,
      error,
      hasMore: next != null,
    };
  }

  function watch(): (() => void)[] {
    return [
      notifier.subscribe(() => {
        const now = notifier.getState();
        if (user !== undefined && now.user !== user) {
          rows = [];
          next = error = undefined;
          renew();
        }
        user = now.user;
        if (basis !== now.items) tell();
      }),
      notifier.on("*", renew, { replayed: true }),
      ...NEWS.map((event) => notifier.onControl(event, renew)),
      timer.clear,
    ];
  }

  let ends: (() => void)[] = [];
  return {
    subscribe: (listener: () => void): (() => void) => {
      listeners.add(listener);
      if (listeners.size === 1) {
        user = notifier.getState().user ?? undefined;
        ends = watch();
        void fetch();
      }
      return () => {
        if (!listeners.delete(listener) || listeners.size) return;
        for (const end of ends) end();
      };
    },
    getState: (): GroupsState => {
      const { items } = notifier.getState();
      if (state && basis === items) return state;
      basis = items;
      return (state = build(items));
    },
    fetchMore: async (): Promise<void> => {
      while (fetching) await fetching;
      if (next != null) await fetch(next);
    },
    refetch: async (): Promise<void> => {
      while (fetching) await fetching;
      await fetch();
    },
  };
}

export type Groups = ReturnType<typeof createGroups>;

const made = new WeakMap<Notifier, Map<string, Groups>>();

/** The same object for the same options. */
export function groupsOf(notifier: Notifier, options: GroupsOptions): Groups {
  const all = made.get(notifier) ?? new Map<string, Groups>();
  made.set(notifier, all);
  const key = JSON.stringify([options.status, options.limit]);
  const groups = all.get(key) ?? createGroups(notifier, options);
  all.set(key, groups);
  return groups;
}
