"use client";

import type { ReactNode } from "react";
import { Icon } from "./icons.tsx";
import { useSlots } from "./slots.ts";
import { useLabels } from "./useLabels.ts";

interface Props {
  onClose: () => void;
  /** Pixels of the glyph. */
  size?: number;
}

/** The × of a panel, of a toast and of what is told in the list. */
export function CloseButton({ onClose, size = 16 }: Props): ReactNode {
  const { close } = useLabels();
  const slot = useSlots();
  return (
    <button type="button" className={slot("iconButton")} aria-label={close} title={close} onClick={onClose}>
      <Icon name="close" size={size} />
    </button>
  );
}
