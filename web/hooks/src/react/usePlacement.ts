"use client";

import { type RefObject, useEffect } from "react";
import { place } from "./placement.ts";

// Below this width of the window (in its own pixels) the panel is a sheet at its foot.
const SHEET = "(width < 30rem)";

const isSheet = (): boolean => typeof matchMedia === "function" && matchMedia(SHEET).matches;

/** Above everything else in the page, out of whatever cuts or moves what is in it; where a browser knows no such layer, above by number. */
function raise(panel: HTMLElement): void {
  try {
    panel.popover = "manual";
    panel.showPopover();
  } catch {
    panel.removeAttribute("popover");
  }
}

/** The size that the stylesheet gives it, without regard to the window. */
function wanted(panel: HTMLElement): { width: number; height: number } {
  const { style } = panel;
  const before = [style.width, style.maxHeight] as const;
  style.width = style.maxHeight = "";
  const { width, height } = panel.getBoundingClientRect();
  [style.width, style.maxHeight] = before;
  return { width, height };
}

/** Keeps an open panel by its button and in the window, whatever is scrolled, resized or zoomed. */
export function usePlacement(
  open: boolean,
  button: RefObject<HTMLElement | null>,
  panel: RefObject<HTMLElement | null>,
): void {
  useEffect(() => {
    const [anchor, element] = [button.current, panel.current];
    if (!open || !anchor || !element) return undefined;
    raise(element);
    let size = wanted(element);

    function move(): void {
      if (!anchor || !element) return;
      const { style } = element;
      const sheet = isSheet();
      element.toggleAttribute("data-sheet", sheet);
      if (sheet) {
        for (const name of ["left", "top", "bottom", "width", "max-height"]) style.removeProperty(name);
        return;
      }
      const { clientWidth, clientHeight } = document.documentElement;
      const view = { left: 0, top: 0, right: clientWidth, bottom: clientHeight };
      const isRtl = getComputedStyle(anchor).direction === "rtl";
      const at = place(anchor.getBoundingClientRect(), size, view, isRtl);
      style.left = `${at.left}px`;
      style.top = at.top === undefined ? "auto" : `${at.top}px`;
      style.bottom = at.bottom === undefined ? "auto" : `${at.bottom}px`;
      style.width = `${at.width}px`;
      style.maxHeight = `${at.maxHeight}px`;
    }

    move();
    const abort = new AbortController();
    const options = { signal: abort.signal, passive: true, capture: true };
    const resized = (): void => {
      size = wanted(element);
      move();
    };
    const scrolled = ({ target }: Event): void => {
      if (!(target instanceof Node && element.contains(target))) move();
    };
    window.addEventListener("resize", resized, options);
    window.addEventListener("scroll", scrolled, options);
    return () => {
      abort.abort();
    };
  }, [open, button, panel]);
}
