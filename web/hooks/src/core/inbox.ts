import {
  type Action,
  type Answered,
  type AnyEnvelope,
  type AnyItem,
  type Counts,
  type ItemState,
  keyOf,
  type ServerCounts,
} from "./types.ts";
import type { News, Removed, StateChange } from "./wire.ts";

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

/** A change of state that was asked for and is not confirmed: of these ids, or of all (of a group) up to a `seq`. */
export interface Pending {
  readonly action: Action;
  readonly ids: ReadonlySet<string> | undefined;
  readonly group?: string | undefined;
  readonly upTo: number;
  /** What was answered, which reads it as well. */
  readonly answered?: Answered;
}

/** Of all, `unread` leaves the archive alone; of a named one it takes it out. */
function mark(item: AnyItem, { action, ids, answered }: Pending): AnyItem {
  if (action === "unread" && !ids && item.archived) return item;
  const effect: Partial<ItemState> = { ...EFFECTS[action], ...(answered && { answered }) };
  const names = Object.keys(effect) as (keyof ItemState)[];
  return names.every((name) => item[name] === effect[name]) ? item : { ...item, ...effect };
}

function reaches({ ids, group, upTo }: Pending, item: AnyItem): boolean {
  return ids ? ids.has(item.id) : item.seq <= upTo && (group === undefined || item.group === group);
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
    items = new Map(kept.map((item) => [keyOf(item), item]));
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

  /** From `seq` on there is no such item any more: its counters either know of that, or are mended here. */
  function uncount(item: AnyItem, seq: number): void {
    if (!counts || item.seq > counts.at_seq || seq <= counts.at_seq) return;
    const { unread, unseen, at_seq } = counts;
    counts = { unread: unread - Number(isUnread(item)), unseen: unseen - Number(isUnseen(item)), at_seq };
  }

  /** What an item says now, with the state that it has. */
  function put(
    envelope: AnyEnvelope,
    { seen = false, read = false, archived = false, answered }: Partial<AnyItem>,
  ): void {
    items.set(keyOf(envelope), { ...envelope, seen, read, archived, ...(answered && { answered }) });
  }

  /** A notification from the socket, live or replayed. One that takes the place of another begins unread. */
  function receive(envelope: AnyEnvelope): void {
    const known = items.get(keyOf(envelope));
    if (!known || known.id === envelope.id) return put(envelope, known ?? {});
    if (known.seq > envelope.seq) return;
    uncount(known, envelope.seq);
    put(envelope, {});
  }

  const find = (id: string): AnyItem | undefined => {
    for (const item of items.values()) if (item.id === id) return item;
    return undefined;
  };

  /** `ns:updated`: it says something else, in the place where it was. */
  function update(envelope: AnyEnvelope): void {
    version++;
    const known = find(envelope.id);
    if (!known || (known.revision ?? 0) > (envelope.revision ?? 0)) return;
    const { seq, cursor, replayed } = known;
    put({ ...envelope, seq, cursor, replayed }, known);
  }

  /** `ns:removed`: it was taken back. */
  function remove({ id, seq }: Removed): void {
    version++;
    const known = find(id);
    if (!known) return;
    uncount(known, seq);
    items.delete(keyOf(known));
  }

  /** `ns:answered`: on this device or another. */
  function answer({ id, action, at }: (News & { event: "ns:answered" })["body"]): void {
    version++;
    const known = find(id);
    if (known) put(known, { ...known, answered: { action, at } });
  }

  function greet(fresh: ServerCounts | undefined): void {
    version++;
    counts = fresh;
  }

  /** `ns:state`: what a device of this user changed, this one included. Saying it twice changes nothing. */
  function change({ action, ids, up_to, counts: fresh }: StateChange): void {
    version++;
    if (action !== "counted") apply({ action, ids: ids && new Set(ids), upTo: up_to ?? 0 });
    counts = fresh;
  }

  function apply(reached: Pending): void {
    for (const [key, item] of items) if (reaches(reached, item)) items.set(key, mark(item, reached));
  }

  /** What the inbox holds, unless something newer is known in its place, or `isNewer` is not what it is. */
  function learn(fresh: readonly AnyItem[], isNewer: boolean): void {
    for (const item of fresh) {
      const known = items.get(keyOf(item));
      if (!known || known.seq < item.seq || (isNewer && known.seq === item.seq)) items.set(keyOf(item), item);
    }
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
    const keys = new Set(fresh.map(keyOf));
    const last = Math.min(range.highest, fetched.at_seq);
    for (const [key, item] of items) {
      const missing = !keys.has(key) && item.seq >= range.lowest && item.seq <= last && range.matches(item);
      if (missing || stale?.has(key)) items.delete(key);
    }
    stale = undefined;
    learn(fresh, true);
    recount(fetched, since);
    return true;
  }

  /** Without a server to ask: an item's state ends here. */
  function keep(reached: Pending): void {
    apply(reached);
    const { seen, read } = EFFECTS[reached.action];
    if (reached.ids || reached.group !== undefined || !seen || !counts || reached.upTo < counts.at_seq) return;
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
    for (const { action, ids, group, upTo } of pending) {
      if (ids || group !== undefined || !EFFECTS[action].seen) continue;
      const later = list.filter((item) => item.seq > upTo);
      unseen = later.filter(isUnseen).length;
      if (EFFECTS[action].read) unread = later.filter(isUnread).length;
    }
    return { items: list.sort(byNewest), counts: { unread: Math.max(0, unread), unseen: Math.max(0, unseen) } };
  }

  return {
    receive,
    update,
    remove,
    answer,
    learn,
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
