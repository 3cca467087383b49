import type { Api } from "../api/client.ts";
import type { HistoryPage, NotificationRecord } from "../api/records.ts";

const PAGE = 100;

/** Pages read at most to close a gap after a reconnect; what is older is in the history. */
const GAP_PAGES = 200;

interface Around {
  signal: AbortSignal;
  take: (items: NotificationRecord[], isFirst: boolean) => void;
  /** All is here again, but for this many that were too many to read. */
  filled: (skipped: number) => void;
  failed: (error: Error) => void;
}

/**
 * What came live is whole while the stream goes on; a cut leaves a gap, which the history closes. The first time there
 * is nothing to close: one page of what was before.
 */
export function createGaps(api: Api, { signal, take, filled, failed }: Around) {
  let top = 0;
  let whole = 0; // everything up to here has come; above it there may be gaps, unless `isWhole`
  let isWhole = false;
  let observing = false;
  let cuts = 0;
  let isFirst = true;
  let filling = false;
  let again = false;

  const get = (before: number | null) => api.get<HistoryPage>("/v1/notifications", { limit: PAGE, before }, signal);

  /** Back from the head to `floor`: how far up that is, and how many above `floor` were not read. */
  async function read(floor: number): Promise<{ head: number; skipped: number }> {
    let before: number | null = null;
    let head = 0;
    let lowest = floor + 1;
    for (let page = 0; page < (isFirst ? 1 : GAP_PAGES); page += 1) {
      const { items, next_before } = await get(before);
      if (page === 0) head = items[0]?.seq ?? 0;
      if (head < floor) floor = 0; // the log began anew
      take(items.filter((item) => item.seq > floor).reverse(), isFirst);
      lowest = items.at(-1)?.seq ?? floor + 1;
      before = next_before;
      if (before === null || lowest <= floor) break;
    }
    const skipped = isFirst || before === null ? 0 : Math.max(0, lowest - floor - 1);
    isFirst = false;
    return { head, skipped };
  }

  async function fillOnce(): Promise<void> {
    const [cut, live] = [cuts, observing];
    try {
      const { head, skipped } = await read(whole);
      whole = head;
      isWhole = live && cut === cuts;
      filled(skipped);
    } catch (error) {
      if (!signal.aborted) failed(error as Error);
    }
  }

  return {
    /** These came. */
    seen(items: readonly NotificationRecord[]): void {
      for (const { seq } of items) if (seq > top) top = seq;
    },
    /** From here on everything comes by itself, */
    observed(): void {
      observing = true;
    },
    /** and from here on no longer. */
    cut: (): void => {
      cuts += 1;
      if (isWhole) whole = top;
      isWhole = observing = false;
    },
    /** Close the gap. One that is asked for meanwhile comes after it, as there may be another. */
    async fill(): Promise<void> {
      again = true;
      if (filling) return;
      filling = true;
      while (again && !signal.aborted) {
        again = false;
        await fillOnce();
      }
      filling = false;
    },
  };
}
