"use client";

import { type RefObject, useEffect, useState } from "react";

// Fewer characters fit into the lines that are shown, however narrow the list.
const SURELY_FITS = 48;

/**
 * Whether the stylesheet cuts one of the texts in here (`data-clamp`), so that there is more to be shown. It is measured
 * again when the width changes, and kept while all is shown.
 */
export function useClamped(root: RefObject<HTMLElement | null>, length: number, expanded: boolean): boolean {
  const [isClamped, setClamped] = useState(false);
  const mayBeCut = length > SURELY_FITS;
  useEffect(() => {
    const element = root.current;
    if (!element || !mayBeCut || expanded) return undefined;
    const measure = (): void => {
      const texts = [...element.querySelectorAll("[data-clamp]")];
      setClamped(texts.some((text) => text.scrollHeight > text.clientHeight + 1));
    };
    measure();
    if (typeof ResizeObserver === "undefined") return undefined;
    const observer = new ResizeObserver(measure);
    // The element itself may have no box of its own.
    for (const text of element.querySelectorAll("[data-clamp]")) observer.observe(text);
    return () => {
      observer.disconnect();
    };
  }, [root, mayBeCut, expanded, length]);
  return mayBeCut && (isClamped || expanded);
}
