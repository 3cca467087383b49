"use client";

import { useEffect, useRef } from "react";
import { faviconCount } from "./desktop/favicon.ts";
import { titleCount } from "./desktop/title.ts";
import { cap, useUnreadCount } from "./useUnreadCount.ts";

export interface TabCountOptions {
  /** What is counted. Default: `unread`. */
  count?: "unread" | "unseen" | undefined;
  /** Before the title of the page: "(3) Tours". Default: true. */
  title?: boolean | undefined;
  /** On the icon of the page, and on that of the application, where the page is installed as one. Default: false. */
  favicon?: boolean | undefined;
  /** No more than this. Default: 99. */
  max?: number | undefined;
}

/** Shows in the browser's tab how many are unread, for whoever is looking at another one. */
export function useTabCount(options: TabCountOptions = {}): void {
  const { count = "unread", title = true, favicon = false, max = 99 } = options;
  const number = useUnreadCount()[count];
  const shown = number > 0 ? cap(number, max) : "";
  useCount(title ? titleCount : undefined, shown);
  useCount(favicon ? faviconCount : undefined, shown);
  useEffect(() => {
    if (!favicon) return;
    const { setAppBadge } = navigator as { setAppBadge?: (count: number) => Promise<void> };
    setAppBadge?.call(navigator, number).catch(() => undefined);
  }, [favicon, number]);
}

function useCount(begin: typeof titleCount | undefined, shown: string): void {
  const place = useRef<ReturnType<typeof titleCount>>(undefined);
  useEffect(() => {
    if (!begin) return undefined;
    const counter = (place.current = begin());
    return () => {
      place.current = undefined;
      counter.end();
    };
  }, [begin]);
  useEffect(() => {
    place.current?.show(shown);
  }, [begin, shown]);
}
