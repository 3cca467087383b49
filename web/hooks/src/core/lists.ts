import type { Http } from "./http.ts";
import type { Inbox } from "./inbox.ts";
import type { AnyItem, ListOptions, ListState } from "./types.ts";

// The server cuts a search for a rare type short; this many empty pages in a row are followed at once.
const MAX_EMPTY_PAGES = 10;
// Fetches that the socket overtook are repeated, in a storm of changes not for ever.
const MAX_OVERTAKEN = 3;

const PAGE = 25;

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

/** One list of the inbox: a filter over what is known, and how far down that is everything there is. */
function createList(options: Required<ListOptions>, around: Around): List & { renew(): void; gone(): void } {
  const { status, types, limit } = options as { status: string; types: readonly string[]; limit: number };
  const { inbox, http } = around;
  let looking = 0;
  let next: number | null | undefined; // `before` of the page to come; undefined before the first
  let fetching: Promise<void> | undefined;
  let asked = false; // the fetch has left for the server
  let error: Error | undefined;
  let state: ListState | undefined;
  let basis: unknown;

  const matches = (item: AnyItem): boolean =>
    item.archived === (status === "archived") &&
    (status !== "unread" || !item.read) &&
    (!types.length || types.includes(item.type));

  function update(): void {
    basis = undefined;
    around.changed();
  }

  async function pages(before: number | undefined): Promise<void> {
    const inboxed = await around.ready();
    asked = true;
    if (!inboxed) {
      next = null;
      return;
    }
    for (let empty = 0, overtaken = 0; empty < MAX_EMPTY_PAGES;) {
      const since = inbox.version();
      const last = overtaken === MAX_OVERTAKEN;
      const page = await http.page({ status, types, limit, before });
      const lowest = page.next_before ?? 0;
      const range = { lowest, highest: (before ?? Infinity) - 1, matches };
      if (!inbox.page(page.items, range, page.counts, last ? inbox.version() : since)) {
        overtaken++;
        continue;
      }
      // A refetch of the top says nothing about the pages below it, which stay.
      next = before === undefined && next != null && next < lowest ? next : page.next_before;
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

  function getState(): ListState {
    const all = around.items();
    if (state && basis === all) return state;
    basis = all;
    if (next != null && next < inbox.floor()) next = inbox.floor();
    const lowest = next ?? 0;
    const items = next === undefined && !error ? [] : all.filter((item) => item.seq >= lowest && matches(item));
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
      if (++looking === 1) void fetch();
      return () => {
        looking--;
        unsubscribe();
      };
    },
    fetchMore: async () => {
      await fetching;
      if (next != null) await fetch(next);
    },
    refetch: async () => {
      await fetching;
      await fetch();
    },
    renew: () => {
      // One that still waits to ask will ask after this.
      if (looking && (!fetching || asked)) void Promise.resolve(fetching).then(() => fetch());
    },
    gone: () => {
      next = error = undefined;
      basis = undefined;
    },
  };
}

/** The lists that somebody looks at, one for each filter. */
export function createLists(around: Around) {
  const lists = new Map<string, ReturnType<typeof createList>>();
  return {
    list: ({ status = "all", types = [], limit = PAGE }: ListOptions = {}): List => {
      const full = { status, types: [...types].sort(), limit };
      const key = JSON.stringify(full);
      const list = lists.get(key) ?? createList(full, around);
      lists.set(key, list);
      return list;
    },
    /** Fetch what is looked at once more. */
    renew: () => {
      for (const list of lists.values()) list.renew();
    },
    clear: () => {
      for (const list of lists.values()) list.gone();
    },
  };
}
