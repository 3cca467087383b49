import type { NotificationRecord } from "../api/records.ts";

/** How many records are held while the stream runs, and while it is paused: about a kilobyte each. */
export const BOUNDS = { running: 20_000, paused: 100_000 };

// Taking from the front moves all the rest, so it is done in bites of a tenth.
const SLACK = 1.1;

/** The newest records, in order and each once; and how many older ones were let go to make room for them. */
export function createBuffer(bounds = BOUNDS) {
  const records: NotificationRecord[] = [];
  const known = new Set<string>();
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
    if (old === undefined || (item.revision ?? 0) <= (old.revision ?? 0)) return;
    const { seq, cursor, sockets } = old;
    records[at] = { ...item, seq, cursor, ...(sockets !== undefined && { sockets }) };
  }

  function supersede(gone: string, by: string): void {
    const at = records.findLastIndex(({ id }) => id === gone);
    const old = records[at];
    if (old !== undefined) records[at] = { ...old, status: "replaced", replaced_by: by };
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
        if (item.replaces !== undefined && known.has(item.replaces)) supersede(item.replaces, item.id);
        const last = records.at(-1);
        if (last !== undefined && last.seq > item.seq) isSorted = false;
        records.push(item);
      }
      const count = records.length - before;
      if (!isSorted) records.sort((one, other) => one.seq - other.seq);
      trim();
      return count;
    },
    /** These many were published and never came here. */
    skip(count: number): void {
      released += count;
    },
    /** What was gathered in a pause is there to be looked at: only what is newer pushes it out afterwards. */
    hold: (isPaused: boolean): void => {
      bound = isPaused ? bounds.paused : Math.max(bounds.running, records.length);
    },
    clear(): void {
      records.length = 0;
      known.clear();
      bound = bounds.running;
      released = 0;
    },
  };
}
