"use client";

import { type RefObject, useEffect } from "react";
import { useCurrent } from "./useCurrent.ts";

// Pixels before the end at which the next page is asked for, so that whoever scrolls does not come to a stop.
const AHEAD_PX = 400;

/** Calls `fetch` when the end of the list comes into view, and again after each page while it is. */
export function useMore(
  end: RefObject<HTMLElement | null>,
  list: { canFetch: boolean; count: number; fetch: () => Promise<void> },
): void {
  const { canFetch, count } = list;
  const fetch = useCurrent(list.fetch);
  useEffect(() => {
    const element = end.current;
    if (!element || !canFetch || typeof IntersectionObserver === "undefined") return undefined;
    let ended = false;
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        void fetch.current().then(() => {
          if (ended) return;
          observer.unobserve(element); // and look again: it tells of changes alone
          observer.observe(element);
        });
      },
      { root: element.closest("[data-scrolls]"), rootMargin: `${AHEAD_PX}px 0px` },
    );
    observer.observe(element);
    return () => {
      ended = true;
      observer.disconnect();
    };
  }, [end, canFetch, count, fetch]);
}
