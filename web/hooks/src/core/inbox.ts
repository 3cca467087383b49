import type { Action, AnyEnvelope, AnyItem, Counts, ItemState, ServerCounts } from "./types.ts";
import type { StateChange } from "./wire.ts";

// Notifications kept in memory beside those that somebody looks at: a tab that stays open for weeks must not grow for
// weeks. What is thrown away is thrown away many at a time.
export const MAX_ITEMS = 2_000;
export const KEPT_ITEMS = 1_800;

const EFFECTS: Record<Action, Partial<ItemState>> = {
  seen: { seen: true },
  read: { seen: true, read: true },
  unread: { read: false, archived: false },
  archive: { seen: true, read: true, archived: true },
  unarchive: { archived: false },
};

/** A change of state that was asked for and is not confirmed: of these ids, or of all up to a `seq`. */
export interface Pending {
  readonly action: Action;
  readonly ids: ReadonlySet<string> | undefined;
  readonly upTo: number;
}

/** Of all, `unread` leaves the archive alone; of a named one it takes it out. */
function mark(item: AnyItem, { action, ids }: Pending): AnyItem {
  if (action === "unread" && !ids && item.archived) return item;
  const effect = EFFECTS[action];
  const names = Object.keys(effect) as (keyof ItemState)[];
  return names.every((name) => item[name] === effect[name]) ? item : { ...item, ...effect };
}

function reaches({ ids, upTo }: Pending, item: AnyItem): boolean {
  return ids ? ids.has(item.id) : item.seq <= upTo;
}

const isUnread = (item: AnyItem): boolean => !item.read && !item.archived;
const isUnseen = (item: AnyItem): boolean => !item.seen && !item.archived;

const byNewest = (a: AnyItem, b: AnyItem): number => b.seq - a.seq || (a.id < b.id ? 1 : -1);

/**
 * What the server has said of one user's notifications, and what was asked of it and is not answered yet.
 *
 * The two are kept apart and put together in `view`: taking back a change that failed leaves exactly what would be
 * there without it, whatever else happened meanwhile.
 */
export function createInbox() {
  let items = new Map<string, AnyItem>();
  let counts: ServerCounts | undefined;
  let stale: Set<string> | undefined;
  const pending = new Set<Pending>();

  /** How many are so many that it is worth a look which of them can go. */
  let crowd = MAX_ITEMS;
  /** Grows with whatever the server says over the socket, so that a slower answer over HTTP is known to be older. */
  let version = 0;

  /** The newest first, as the server has confirmed them. */
  const sorted = (): AnyItem[] => [...items.values()].sort(byNewest);

  /** Throw away what is not among the newest and that nobody `shows`; returns what that was, newest first. */
  function evict(shows: (item: AnyItem) => boolean): readonly AnyItem[] {
    const gone: AnyItem[] = [];
    const kept = sorted().filter((item, at) => at < KEPT_ITEMS || shows(item) || !gone.push(item));
    if (gone[0]) fold(gone[0].seq);
    items = new Map(kept.map((item) => [item.id, item]));
    crowd = kept.length + MAX_ITEMS - KEPT_ITEMS;
    return gone;
  }

  /** Count what is live up to here with what the server has counted: it may be gone when the counters are asked for. */
  function fold(upTo: number): void {
    let { unread, unseen, at_seq } = counts ?? { unread: 0, unseen: 0, at_seq: 0 };
    if (upTo <= at_seq) return;
    for (const item of items.values()) {
      if (item.seq <= at_seq || item.seq > upTo) continue;
      unread += Number(isUnread(item));
      unseen += Number(isUnseen(item));
    }
    at_seq = upTo;
    counts = { unread, unseen, at_seq };
  }

  /** A notification from the socket, live or replayed. */
  function receive(envelope: AnyEnvelope): void {
    const known = items.get(envelope.id);
    const { seen = false, read = false, archived = false } = known ?? {};
    items.set(envelope.id, { ...envelope, seen, read, archived });
  }

  function greet(fresh: ServerCounts | undefined): void {
    version++;
    counts = fresh;
  }

  /** `ns:state`: what a device of this user changed, this one included. Saying it twice changes nothing. */
  function change({ action, ids, up_to, counts: fresh }: StateChange): void {
    version++;
    apply({ action, ids: ids && new Set(ids), upTo: up_to ?? 0 });
    counts = fresh;
  }

  function apply(reached: Pending): void {
    for (const item of items.values()) if (reaches(reached, item)) items.set(item.id, mark(item, reached));
  }

  /** Counters from an answer over HTTP that was asked for at `since`. */
  function recount(fresh: ServerCounts | undefined, since: number): void {
    if (fresh && version === since && fresh.at_seq >= (counts?.at_seq ?? 0)) counts = fresh;
  }

  /**
   * A page of what `matches`, from `lowest` on up to `highest` (or the newest). What should be in it and is not has gone.
   * False when the socket has said something since it was asked for: it may be out of date.
   */
  function page(
    fresh: readonly AnyItem[],
    range: { lowest: number; highest: number; matches: (item: AnyItem) => boolean },
    fetched: ServerCounts,
    since: number,
  ): boolean {
    if (version !== since) return false;
    const ids = new Set(fresh.map((item) => item.id));
    const last = Math.min(range.highest, fetched.at_seq);
    for (const item of items.values()) {
      const missing = !ids.has(item.id) && item.seq >= range.lowest && item.seq <= last && range.matches(item);
      if (missing || stale?.has(item.id)) items.delete(item.id);
    }
    stale = undefined;
    for (const item of fresh) items.set(item.id, item);
    recount(fetched, since);
    return true;
  }

  /** Without a server to ask: an item's state ends here. */
  function keep(reached: Pending): void {
    apply(reached);
    const { seen, read } = EFFECTS[reached.action];
    if (reached.ids || !seen || !counts || reached.upTo < counts.at_seq) return;
    counts = { ...counts, unseen: 0, ...(read && { unread: 0 }) };
  }

  function view(): { items: AnyItem[]; counts: Counts } {
    const list: AnyItem[] = [];
    let { unread, unseen } = counts ?? { unread: 0, unseen: 0 };
    for (const item of items.values()) {
      const isNew = item.seq > (counts?.at_seq ?? 0);
      let shown = item;
      for (const asked of pending) if (reaches(asked, item)) shown = mark(shown, asked);
      list.push(shown);
      unread += Number(isUnread(shown)) - Number(!isNew && isUnread(item));
      unseen += Number(isUnseen(shown)) - Number(!isNew && isUnseen(item));
    }
    // A change of all reaches what was never fetched, too: only what came after it is left.
    for (const { action, ids, upTo } of pending) {
      if (ids || !EFFECTS[action].seen) continue;
      const later = list.filter((item) => item.seq > upTo);
      unseen = later.filter(isUnseen).length;
      if (EFFECTS[action].read) unread = later.filter(isUnread).length;
    }
    return { items: list.sort(byNewest), counts: { unread: Math.max(0, unread), unseen: Math.max(0, unseen) } };
  }

  return {
    receive,
    greet,
    change,
    recount,
    page,
    keep,
    view,
    version: () => version,
    crowded: () => items.size > crowd,
    sorted,
    evict,
    counts: () => counts,
    newest: () => {
      let newest = counts?.at_seq ?? 0;
      for (const { seq } of items.values()) if (seq > newest) newest = seq;
      return newest;
    },
    begin: (asked: Pending) => void pending.add(asked),
    end: (asked: Pending) => void pending.delete(asked),
    /** The server's log began anew, or lost what is older: whatever the next page does not hold is gone. */
    expire: () => {
      version++;
      stale = new Set(items.keys());
    },
    clear: () => {
      items.clear();
      pending.clear();
      stale = counts = undefined;
      crowd = MAX_ITEMS;
      version++;
    },
  };
}

export type Inbox = ReturnType<typeof createInbox>;
