"use client";

import { type ReactNode, type RefObject, useCallback, useEffect, useRef } from "react";
import { useLabels } from "./useLabels.ts";
import { useSlots } from "./slots.ts";
import { CloseContext } from "./useFollow.ts";
import { useCurrent } from "./useCurrent.ts";
import { usePlacement } from "./usePlacement.ts";

export type PanelContent = ReactNode | ((panel: { close: () => void }) => ReactNode);

interface Props {
  id: string;
  /** What is around the panel and its button. */
  root: RefObject<HTMLElement | null>;
  button: RefObject<HTMLElement | null>;
  /** Closed from within: the focus goes back to the button. */
  onClose: () => void;
  /** Closed by going elsewhere, where the focus stays. */
  onLeave: () => void;
  children: PanelContent;
}

/** What the bell opens: it closes at Escape wherever the focus is, at a click outside, and when one tabs out of it. */
export function BellPanel({ id, root, button, onClose, onLeave, children }: Props): ReactNode {
  const labels = useLabels();
  const slot = useSlots();
  const panel = useRef<HTMLDivElement>(null);
  const close = useCurrent(onClose);
  const leave = useCurrent(onLeave);
  const closeNow = useCallback((): void => {
    close.current();
  }, [close]);
  usePlacement(true, button, panel);

  useEffect(() => {
    panel.current?.focus({ preventScroll: true });
    const pressed = (event: Event): void => {
      // A path and not `contains`: the target may have gone from the page by now, or be in a shadow tree.
      if (root.current && !event.composedPath().includes(root.current)) leave.current();
    };
    const typed = (event: KeyboardEvent): void => {
      if (event.key === "Escape" && !event.defaultPrevented) close.current();
    };
    document.addEventListener("pointerdown", pressed);
    document.addEventListener("keydown", typed);
    return () => {
      document.removeEventListener("pointerdown", pressed);
      document.removeEventListener("keydown", typed);
    };
  }, [root, close, leave]);

  return (
    <CloseContext.Provider value={closeNow}>
      <div ref={panel} id={id} role="dialog" aria-label={labels.notifications} tabIndex={-1} className={slot("panel")}>
        {typeof children === "function" ? children({ close: closeNow }) : children}
      </div>
    </CloseContext.Provider>
  );
}
