"use client";

import type { ReactNode } from "react";
import { safeLink } from "../core/links.ts";
import type { AnyEnvelope, AnyNotification } from "../core/types.ts";
import { CloseButton } from "./CloseButton.tsx";
import { useLabels } from "./useLabels.ts";
import { EntryIcon } from "./EntryIcon.tsx";
import { OfferedActions } from "./OfferedActions.tsx";
import { Picture } from "./Picture.tsx";
import { HIDDEN, useSlots } from "./slots.ts";
import { headingOf, short } from "./texts.ts";
import type { ToastControls } from "./toasting.ts";
import { useFollow } from "./useFollow.ts";

interface Props extends ToastControls {
  notification: AnyNotification;
}

/** A notification as a toast: of one family with the entries of the list. */
export function ToastCard({ notification, open, close, act }: Props): ReactNode {
  const labels = useLabels();
  const slot = useSlots();
  const follow = useFollow();
  const envelope = notification as unknown as AnyEnvelope;
  const { title, message, priority, link, image, actions } = envelope;
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
        <Picture address={image} slot="toastImage" />
        <div className={slot("toastButtons")}>
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
          {actions && <OfferedActions notification={envelope} title={short(heading)} act={act} follow={follow} />}
        </div>
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
