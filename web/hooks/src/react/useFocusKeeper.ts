"use client";

import { type RefObject, useEffect, useRef } from "react";

/** The control that has the focus, and where it stands: which entry, what it does, and the entries after it. */
interface Place {
  control: Element;
  action: string | undefined;
  /** The entry and what comes after it, in order. */
  entries: readonly string[];
  /** The last entry there was: what comes after it has been fetched since. */
  last: string | undefined;
}

const ENTRY = "[data-id]";
const CONTROL = "a[href], button, input, select, textarea, [tabindex='0']";

function placeOf(root: Element, control: Element): Place {
  const entry = control.closest(ENTRY);
  const all = [...root.querySelectorAll(ENTRY)];
  const at = entry ? all.indexOf(entry) : -1;
  const idOf = (element: Element | undefined): string | undefined => element?.getAttribute("data-id") ?? undefined;
  return {
    control,
    action: control.getAttribute("data-action") ?? undefined,
    entries: at < 0 ? [] : all.slice(at).flatMap((element) => idOf(element) ?? []),
    last: idOf(all[all.length - 1]),
  };
}

/** What takes the place of a control that has gone: the same of the next entry, else that entry's first, else nothing. */
function successorOf(root: Element, { action, entries, last }: Place): HTMLElement | undefined {
  const find = (id: string): Element | null => root.querySelector(`[data-id="${CSS.escape(id)}"]`);
  const ends = action === "more" && last !== undefined ? find(last)?.nextElementSibling : undefined;
  for (const entry of [ends, ...entries.map(find)]) {
    if (!entry) continue;
    const same =
      action === undefined ? null : entry.querySelector<HTMLElement>(`[data-action="${CSS.escape(action)}"]`);
    const found = same ?? entry.querySelector<HTMLElement>(CONTROL);
    if (found) return found;
  }
  return undefined;
}

/**
 * Keeps the focus in the list when what had it goes away: an entry that was archived or no longer fits the filter, a
 * button that is done. It goes to the same button of the next entry, and when there is none to `fallback`. Without this
 * it falls to the page, and whoever uses a keyboard starts at its top again.
 */
export function useFocusKeeper(root: RefObject<HTMLElement | null>, fallback: RefObject<HTMLElement | null>): void {
  const place = useRef<Place>(undefined);

  useEffect(() => {
    const element = root.current;
    if (!element) return undefined;
    const entered = ({ target }: FocusEvent): void => {
      place.current = target instanceof Element ? placeOf(element, target) : undefined;
    };
    const left = ({ target, relatedTarget }: FocusEvent): void => {
      // Gone of its own accord, to where there is something; what was taken away is no longer in the page.
      const isStill = target instanceof Element && target.isConnected;
      if (isStill && relatedTarget instanceof Node && !element.contains(relatedTarget)) place.current = undefined;
    };
    // A click on a place without a control takes the focus away on purpose.
    const pressed = ({ target }: Event): void => {
      if (!(target instanceof Node && element.contains(target))) place.current = undefined;
    };
    element.addEventListener("focusin", entered);
    element.addEventListener("focusout", left);
    document.addEventListener("pointerdown", pressed, true);
    return () => {
      element.removeEventListener("focusin", entered);
      element.removeEventListener("focusout", left);
      document.removeEventListener("pointerdown", pressed, true);
    };
  }, [root]);

  // After each render: React tells nobody that it has taken away what had the focus.
  useEffect(() => {
    const [element, lost] = [root.current, place.current];
    if (!element || !lost) return;
    if (lost.control.isConnected) {
      if (document.activeElement === lost.control) place.current = placeOf(element, lost.control);
      return;
    }
    place.current = undefined;
    const { activeElement } = document;
    if (activeElement && activeElement !== document.body && activeElement !== document.documentElement) return;
    (successorOf(element, lost) ?? fallback.current)?.focus({ preventScroll: false });
  });
}
