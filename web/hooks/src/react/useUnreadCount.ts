"use client";

import type { Counts } from "../core/types.ts";
import { useNotifierState } from "./useNotifierState.ts";

export interface UnreadCount extends Counts {
  /** `unread` as a badge shows it: "7", "99+". */
  capped: string;
}

export const cap = (count: number, max: number): string => (count > max ? `${max}+` : String(count));

/** The server's counters, with what is live on top. */
export function useUnreadCount(max = 99): UnreadCount {
  const unread = useNotifierState((state) => state.counts.unread);
  const unseen = useNotifierState((state) => state.counts.unseen);
  return { unread, unseen, capped: cap(unread, max) };
}
