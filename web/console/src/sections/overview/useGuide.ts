import { useEffect, useSyncExternalStore } from "react";
import type { Stats } from "../../api/records.ts";

const listeners = new Set<() => void>();

/** Whether the first steps are under way: for as long as the tab is open, so that the ticks are seen. */
let isUnderWay = false;

function set(next: boolean): void {
  isUnderWay = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function close(): void {
  set(false);
}

/** The first steps are shown where nothing was ever published, and then until they are done with. */
export function useGuide(stats: Stats | null): { isOpen: boolean; close: () => void } {
  const isBegun = useSyncExternalStore(subscribe, () => isUnderWay);
  const isEmpty = stats?.head.seq === 0;
  useEffect(() => {
    if (isEmpty) set(true);
  }, [isEmpty]);
  return { isOpen: isEmpty || isBegun, close };
}
