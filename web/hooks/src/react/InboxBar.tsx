"use client";

import { type ReactNode, type RefObject, useContext } from "react";
import { CloseButton } from "./CloseButton.tsx";
import { useLabels } from "./useLabels.ts";
import { Icon } from "./icons.tsx";
import { HIDDEN, useSlots } from "./slots.ts";
import { CloseContext } from "./useFollow.ts";
import { cap, useUnreadCount } from "./useUnreadCount.ts";

interface Props {
  heading: RefObject<HTMLHeadingElement | null>;
  level: number;
  title: ReactNode;
  /** Whether the number of unread ones stands here, and not at a filter. */
  isCounted: boolean;
  /** Undefined when there is nothing to mark. */
  onMarkAll: (() => void) | undefined;
}

const MAX_COUNT = 99;

/** What the list is, how much of it is unread, and what can be done with all of it. */
export function InboxBar({ heading, level, title, isCounted, onMarkAll }: Props): ReactNode {
  const labels = useLabels();
  const slot = useSlots();
  const close = useContext(CloseContext);
  const { unread } = useUnreadCount();
  const Heading = `h${level}` as "h2";
  const isShown = title !== false;
  return (
    <div className={slot("inboxBar")} data-untitled={isShown ? undefined : ""}>
      <Heading className={slot("inboxTitle")} ref={heading} tabIndex={-1} {...(!isShown && { style: HIDDEN })}>
        {isShown ? (title ?? labels.notifications) : labels.notifications}
      </Heading>
      {isShown && isCounted && unread > 0 && (
        <span className={slot("count")} aria-hidden="true">
          {cap(unread, MAX_COUNT)}
        </span>
      )}
      <button
        type="button"
        className={slot("markAll")}
        data-action="all"
        aria-disabled={onMarkAll ? undefined : true}
        title={labels.markAllRead}
        onClick={onMarkAll}
      >
        <Icon name="checks" size={18} />
        <span>{labels.markAllRead}</span>
      </button>
      {close && <CloseButton onClose={close} size={18} />}
    </div>
  );
}
