import type { NotificationRecord } from "../api/records.ts";

/** How many records are held while the stream runs, and while it is paused: about a kilobyte each. */
export const BOUNDS = { running: 20_000, paused: 100_000 };

// Taking from the front moves all the rest, so it is done in bites of a tenth.
const SLACK = 1.1;

/** Of so many that are not held it is known what became of them: a page of the log that is on its way may bring them. */
const MOST_FATES = 1_000;

type Fate = Pick<NotificationRecord, "status" | "replaced_by">;

/** The newest records, in order and each once; and how many older ones were let go to make room for them. */
export function createBuffer(bounds = BOUNDS) {
  const records: NotificationRecord[] = [];
  const known = new Set<string>();
  const fates = new Map<string, Fate>();
  let held: NotificationRecord[] | null = null;
  let bound = bounds.running;
  let released = 0;

  function trim(): void {
    if (records.length <= bound * SLACK) return;
    const gone = records.splice(0, records.length - bound);
    for (const { id } of gone) known.delete(id);
    released += gone.length;
  }

  /** What was changed keeps its place: this is how it is now. */
  function mend(item: NotificationRecord): void {
    const at = records.findLastIndex(({ id }) => id === item.id);
    const old = records[at];
    if (old === undefined || old.status !== undefined || (item.revision ?? 0) <= (old.revision ?? 0)) return;
    const { seq, cursor, sockets } = old;
    put(at, { ...item, seq, cursor, ...(sockets !== undefined && { sockets }) });
  }

  /** Another record in the place of one, also where the list stands still. */
  function put(at: number, record: NotificationRecord): void {
    records[at] = record;
    const there = held?.findLastIndex(({ id }) => id === record.id) ?? -1;
    if (held !== null && there !== -1) held[there] = record;
  }

  /** What became of one that is held, or that may come out of the log still: what was read of it may be older. */
  function end(id: string, fate: Fate): boolean {
    const at = known.has(id) ? records.findLastIndex((record) => record.id === id) : -1;
    const old = records[at];
    if (old !== undefined) {
      put(at, { ...old, ...fate });
      return true;
    }
    fates.set(id, fate);
    for (const oldest of fates.keys()) {
      if (fates.size <= MOST_FATES) break;
      fates.delete(oldest);
    }
    return false;
  }

  return {
    /** Oldest first; always the same array. */
    records,
    released: (): number => released,
    /** How many of these were new. */
    add(items: readonly NotificationRecord[]): number {
      let isSorted = true;
      const before = records.length;
      for (const item of items) {
        if (known.has(item.id)) {
          mend(item);
          continue;
        }
        known.add(item.id);
        if (item.replaces !== undefined) end(item.replaces, { status: "replaced", replaced_by: item.id });
        const last = records.at(-1);
        if (last !== undefined && last.seq > item.seq) isSorted = false;
        records.push({ ...item, ...fates.get(item.id) });
      }
      const count = records.length - before;
      if (!isSorted) records.sort((one, other) => one.seq - other.seq);
      trim();
      return count;
    },
    /** These were taken back; how many of them are held. */
    retract: (ids: readonly string[]): number => ids.filter((id) => end(id, { status: "retracted" })).length,
    /** These many were published and never came here. */
    skip(count: number): void {
      released += count;
    },
    /** Those that are there, in an array that nothing is added to; each is as it is now, until `go`. */
    hold: (): readonly NotificationRecord[] => {
      bound = bounds.paused;
      held ??= [...records];
      return held;
    },
    /** What was gathered in a pause is there to be looked at: only what is newer pushes it out afterwards. */
    go: (): void => {
      bound = Math.max(bounds.running, records.length);
      held = null;
    },
    clear(): void {
      records.length = 0;
      known.clear();
      fates.clear();
      bound = bounds.running;
      released = 0;
    },
  };
}
