"use client";

import type { ReactNode } from "react";
import { CloseButton } from "./CloseButton.tsx";
import { useLabels } from "./useLabels.ts";
import { Icon } from "./icons.tsx";
import { useSlots } from "./slots.ts";
import { useConnectionStatus } from "./useConnectionStatus.ts";

/** A change was taken back: whoever made it is told, not only shown. */
export function ChangeFailed({ onDismiss }: { onDismiss: () => void }): ReactNode {
  const labels = useLabels();
  const slot = useSlots();
  return (
    <div className={slot("line")} data-tone="bad" role="alert">
      <Icon name="alert" size={16} />
      <span>{labels.notSaved}</span>
      <CloseButton onClose={onDismiss} />
    </div>
  );
}

/** Says in the list that it may lack what is newest; the region is there from the start, or it would not be spoken. */
export function Stale(): ReactNode {
  const labels = useLabels();
  const slot = useSlots();
  const { status } = useConnectionStatus();
  const said = status === "unauthorized" ? labels.unauthorized : labels.stale;
  const isStale = status === "offline" || status === "reconnecting" || status === "unauthorized";
  return (
    <div className={slot("line")} data-tone="warn" role="status" hidden={!isStale}>
      {isStale && (
        <>
          <Icon name="offline" size={16} />
          <span>{said}</span>
        </>
      )}
    </div>
  );
}
