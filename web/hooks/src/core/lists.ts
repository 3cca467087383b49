import type { Http } from "./http.ts";
import { type Inbox, KEPT_ITEMS, MAX_ITEMS } from "./inbox.ts";
import { whole } from "./settings.ts";
import type { AnyItem, ListOptions, ListState } from "./types.ts";

// The server cuts a search for a rare type short; this many empty pages in a row are followed at once.
const MAX_EMPTY_PAGES = 10;
// Fetches that the socket overtook are repeated, in a storm of changes not for ever.
const MAX_OVERTAKEN = 3;

// Items in one page; more the server does not give.
const PAGE = 25;
const MAX_PAGE = 100;

// Filters that nobody looks at any more, and whose place is remembered for when somebody does.
const MAX_LISTS = 32;

export interface List {
  subscribe: (listener: () => void) => () => void;
  getState: () => ListState;
  fetchMore: () => Promise<void>;
  refetch: () => Promise<void>;
}

interface Around {
  inbox: Inbox;
  http: Http;
  items: () => readonly AnyItem[];
  subscribe: (listener: () => void) => () => void;
  /** Resolves with whether there is an inbox to ask for, when that is known. */
  ready: () => Promise<boolean>;
  changed: () => void;
  flush: () => void;
}

interface Filter {
  status: string;
  types: readonly string[];
  group: string | undefined;
  limit: number;
}

interface Kept extends List {
  looking: () => boolean;
  /** Fetch the top once more, if it is looked at. */
  renew: () => void;
  /** What is known of the inbox is out of date: the next page from the top is where it begins. */
  expire: () => void;
  forget: () => void;
  /** Show no more of these than somebody may want to see: what came live leaves at the other end. */
  trim: (newestFirst: readonly AnyItem[]) => void;
  shows: (item: AnyItem) => boolean;
  /** These are known no longer. */
  lost: (newestFirst: readonly AnyItem[]) => void;
}

/** One list of the inbox: a filter over what is known, and how far down that is everything there is. */
function createList({ status, types, group, limit }: Filter, around: Around & { looked: () => void }): Kept {
  const { inbox, http } = around;
  let looking = 0;
  let next: number | null | undefined; // `before` of the page to come; undefined before the first
  let anew = false; // what is below the first page to come is not known any more
  let reached = 0; // how many there were when somebody asked for more, and had them
  let fetching: Promise<void> | undefined;
  let asked = false; // the fetch has left for the server
  let error: Error | undefined;
  let state: ListState | undefined;
  let basis: unknown;
  let whose = 0; // grows with each user: what was asked for one is not shown to the next

  const matches = (item: AnyItem): boolean =>
    item.archived === (status === "archived") &&
    (status !== "unread" || !item.read) &&
    (!types.length || types.includes(item.type)) &&
    (group === undefined || item.group === group);

  const shows = (item: AnyItem): boolean => next !== undefined && item.seq >= (next ?? 0) && matches(item);

  function update(): void {
    basis = undefined;
    around.changed();
  }

  async function pages(before: number | undefined): Promise<void> {
    const mine = whose;
    const inboxed = await around.ready();
    asked = true;
    if (!inboxed) {
      next = null;
      anew = true;
      return;
    }
    for (let empty = 0, overtaken = 0; empty < MAX_EMPTY_PAGES;) {
      const since = inbox.version();
      const last = overtaken === MAX_OVERTAKEN;
      const page = await http.page({ status, types, group, limit, before });
      if (mine !== whose) return;
      const lowest = page.next_before ?? 0;
      const range = { lowest, highest: (before ?? Infinity) - 1, matches };
      if (!inbox.page(page.items, range, page.counts, last ? inbox.version() : since)) {
        overtaken++;
        continue;
      }
      // The top once more says nothing about the pages below it, which stay.
      if (before === undefined && !anew && next !== undefined && (next === null || next < lowest)) return;
      if (before !== undefined && before !== next) return; // the end of the list is another by now
      anew = false;
      next = page.next_before;
      if (page.items.length || page.next_before === null) return;
      before = page.next_before;
      empty++;
    }
  }

  function fetch(before?: number): Promise<void> {
    fetching ??= pages(before)
      .then(
        () => void (error = undefined),
        (failure: unknown) => void (error = failure instanceof Error ? failure : new Error(String(failure))),
      )
      .then(() => {
        fetching = undefined;
        asked = false;
        basis = undefined;
        around.flush(); // whoever waited for it finds it
      });
    update();
    return fetching;
  }

  /** Every fetch ends, so this does. */
  async function idle(): Promise<void> {
    while (fetching) await fetching;
  }

  function getState(): ListState {
    const all = around.items();
    if (state && basis === all) return state;
    basis = all;
    const items = next === undefined && !error ? [] : all.filter((item) => item.seq >= (next ?? 0) && matches(item));
    const same = state?.items.length === items.length && items.every((item, at) => item === state?.items[at]);
    const fresh: ListState = {
      items: same && state ? state.items : items,
      isLoading: next === undefined && !error,
      isFetching: fetching !== undefined,
      error,
      hasMore: next != null,
    };
    const names = Object.keys(fresh) as (keyof ListState)[];
    return state && names.every((name) => fresh[name] === state?.[name]) ? state : (state = fresh);
  }

  return {
    getState,
    subscribe(listener) {
      const unsubscribe = around.subscribe(listener);
      around.looked();
      if (++looking === 1) void fetch();
      let ended = false;
      return () => {
        if (ended) return;
        ended = true;
        unsubscribe();
        if (--looking === 0) reached = 0;
      };
    },
    fetchMore: async () => {
      await idle();
      if (next == null) return;
      await fetch(next);
      reached = getState().items.length;
    },
    refetch: async () => {
      await idle();
      await fetch();
    },
    looking: () => looking > 0,
    renew: () => {
      // One that still waits to ask will ask after this.
      if (looking && (!fetching || asked)) void Promise.resolve(fetching).then(() => fetch());
    },
    expire: () => {
      anew = true;
    },
    forget: () => {
      whose++;
      next = error = undefined;
      basis = undefined;
      anew = false;
      reached = 0;
    },
    trim: (newestFirst) => {
      if (!looking || fetching) return;
      const shown = newestFirst.filter(shows);
      if (shown.length <= reached + MAX_ITEMS) return;
      next = shown[reached + KEPT_ITEMS - 1]?.seq;
      basis = undefined;
    },
    shows: (item) => looking > 0 && shows(item),
    lost: (newestFirst) => {
      const highest = newestFirst.find(shows);
      if (!highest) return;
      next = highest.seq + 1;
      basis = undefined;
    },
  };
}

/** The lists that somebody looks at, one for each filter. */
export function createLists(around: Around) {
  const { inbox } = around;
  const known = new Map<string, Kept>();
  const lookedAt = new Set<Kept>();

  const all = (): Set<Kept> => new Set([...known.values(), ...lookedAt]);

  function looked(key: string, list: Kept): void {
    for (const other of lookedAt) if (!other.looking()) lookedAt.delete(other);
    lookedAt.add(list);
    known.set(key, list);
  }

  /** Remember a list; of those that nobody looks at the oldest go. */
  function remember(key: string, list: Kept): void {
    for (const [other, old] of known) {
      if (known.size < MAX_LISTS) break;
      if (!old.looking()) known.delete(other);
    }
    known.set(key, list);
  }

  return {
    list: (options?: ListOptions | null): List => {
      const { status, types, group, limit } = options ?? {};
      const size = whole(limit, { least: 1, most: MAX_PAGE, otherwise: PAGE });
      const full = { status: status ?? "all", types: [...(types ?? [])].sort(), group, limit: size };
      const key = JSON.stringify(full);
      const found = known.get(key);
      if (found) return found;
      const list: Kept = createList(full, {
        ...around,
        looked: () => {
          looked(key, list);
        },
      });
      remember(key, list);
      return list;
    },
    /** Fetch what is looked at once more. */
    renew: () => {
      for (const list of all()) list.renew();
    },
    /** Whatever the next page does not hold is gone. */
    expire: () => {
      inbox.expire();
      for (const list of all()) list.expire();
    },
    /** Let go of what nobody looks at, when it has become much. */
    trim: () => {
      if (!inbox.crowded()) return;
      const sorted = inbox.sorted();
      for (const list of all()) list.trim(sorted);
      const shown = [...lookedAt];
      const lost = inbox.evict((item) => shown.some((list) => list.shows(item)));
      for (const list of all()) list.lost(lost);
    },
    clear: () => {
      for (const list of all()) list.forget();
    },
  };
}
