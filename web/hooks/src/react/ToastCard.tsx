"use client";

import type { ReactNode } from "react";
import { safeLink } from "../core/links.ts";
import type { AnyEnvelope, AnyNotification } from "../core/types.ts";
import { CloseButton } from "./CloseButton.tsx";
import { useLabels } from "./useLabels.ts";
import { EntryIcon } from "./EntryIcon.tsx";
import { HIDDEN, useSlots } from "./slots.ts";
import { headingOf, short } from "./texts.ts";
import type { ToastControls } from "./toasting.ts";

interface Props extends ToastControls {
  notification: AnyNotification;
}

/** A notification as a toast: of one family with the entries of the list. */
export function ToastCard({ notification, open, close }: Props): ReactNode {
  const labels = useLabels();
  const slot = useSlots();
  const { title, message, priority, link } = notification as unknown as AnyEnvelope;
  const heading = headingOf({ title, message });
  const said = { critical: labels.isCritical, high: labels.isHigh, normal: undefined, low: undefined }[priority];
  return (
    <div className={slot("toast")} data-priority={priority}>
      <EntryIcon notification={notification} />
      <div className={slot("toastText")}>
        {said && <span style={HIDDEN}>{said}: </span>}
        <div className={slot("toastTitle")} dir="auto">
          {heading}
        </div>
        {heading === title && message && (
          <div className={slot("toastMessage")} dir="auto">
            {message}
          </div>
        )}
        {safeLink(link) !== undefined && (
          <button
            type="button"
            className={slot("toastOpen")}
            aria-label={labels.named(labels.open, short(heading))}
            onClick={open}
          >
            {labels.open}
          </button>
        )}
      </div>
      <CloseButton onClose={close} />
    </div>
  );
}

/** How many there was no room for. */
export function MoreCard({ count, close }: { count: number; close: () => void }): ReactNode {
  const labels = useLabels();
  const slot = useSlots();
  return (
    <div className={slot("toast")}>
      <div className={slot("toastText")}>
        <div className={slot("toastTitle")}>{labels.fresh(count)}</div>
      </div>
      <CloseButton onClose={close} />
    </div>
  );
}
