"use client";

import { type FocusEvent, type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { BellPanel, type PanelContent } from "./BellPanel.tsx";
import { useLabels } from "./useLabels.ts";
import { useNotificationContext, useNotifier } from "./context.ts";
import { Icon } from "./icons.tsx";
import { NotificationInbox, type NotificationInboxProps } from "./NotificationInbox.tsx";
import { classOf, SlotContext, useSlots, useStyling } from "./slots.ts";
import { useConnectionStatus } from "./useConnectionStatus.ts";
import { useNotifierState } from "./useNotifierState.ts";
import { cap, useUnreadCount } from "./useUnreadCount.ts";

export interface NotificationBellProps extends NotificationInboxProps {
  /** What the badge counts. `unseen` goes back to nothing when the list is opened. Default: `unread`. */
  badge?: "unread" | "unseen" | undefined;
  /** A number, or a dot that says only that there is something. Default: `count`. */
  variant?: "count" | "dot" | undefined;
  /** The badge shows no more than this. Default: 99. */
  max?: number | undefined;
  /** In place of the icon. */
  icon?: ReactNode;
  /** In place of the inbox in the panel; a function is given what closes the panel. */
  children?: PanelContent;
}

/** A button with a count, and the inbox in a panel that it opens. */
export function NotificationBell(props: NotificationBellProps): ReactNode {
  const { badge = "unread", variant = "count", max = 99, icon, children, ...rest } = props;
  const { className, style, classNames, unstyled, ...inbox } = rest;
  const labels = useLabels();
  const { panels } = useNotificationContext();
  const { status } = useConnectionStatus();
  const count = useUnreadCount()[badge];
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  const given = useStyling(classNames, unstyled);

  function close(): void {
    // Whoever was in the panel finds the button again; who is elsewhere stays there.
    const { activeElement } = document;
    if (!activeElement || activeElement === document.body || root.current?.contains(activeElement)) {
      button.current?.focus({ preventScroll: true });
    }
    setOpen(false);
  }
  useEffect(() => (open ? panels.open() : undefined), [open, panels]);
  useSeen(open);

  function onKeyDown(event: KeyboardEvent): void {
    if (!open || event.key !== "Escape" || event.defaultPrevented) return;
    event.stopPropagation(); // a dialog around the bell stays
    close();
  }

  function onBlur({ relatedTarget }: FocusEvent): void {
    // To nowhere: a control that has gone, a click on nothing, or another window.
    if (relatedTarget instanceof Node && !root.current?.contains(relatedTarget)) setOpen(false);
  }

  return (
    <SlotContext.Provider value={given}>
      {/* eslint-disable-next-line jsx-a11y/no-static-element-interactions -- Escape and leaving, from whatever has the focus inside */}
      <div
        className={classOf("bell", given, className)}
        style={style}
        ref={root}
        data-status={status}
        onKeyDown={onKeyDown}
        onBlur={onBlur}
      >
        <button
          ref={button}
          type="button"
          className={classOf("bellButton", given)}
          aria-haspopup="dialog"
          aria-expanded={open}
          aria-controls={open ? id : undefined}
          aria-label={labels.bell(count)}
          onClick={() => {
            setOpen(!open);
          }}
        >
          {icon ?? <Icon name="bell" size={22} filled={count > 0} />}
          <Badge count={count} max={max} variant={variant} />
        </button>
        {open && (
          <BellPanel id={id} root={root} button={button} onClose={close} onLeave={() => setOpen(false)}>
            {children ?? <NotificationInbox {...inbox} />}
          </BellPanel>
        )}
      </div>
    </SlotContext.Provider>
  );
}

/** What is on the screen has been seen, and what comes while it is open as well. */
function useSeen(open: boolean): void {
  const notifier = useNotifier();
  // By the newest and not by the count: a change that fails is taken back, and must not be the reason for the next.
  const newest = useNotifierState((state) => state.items[0]?.seq);
  useEffect(() => {
    if (!open || !notifier?.getState().counts.unseen) return;
    notifier.mark("seen", "all").catch(() => undefined);
  }, [open, newest, notifier]);
}

function Badge({ count, max, variant }: { count: number; max: number; variant: "count" | "dot" }): ReactNode {
  const slot = useSlots();
  if (count <= 0) return null;
  return (
    <span className={slot("badge")} data-variant={variant} aria-hidden="true">
      {variant === "count" && cap(count, max)}
    </span>
  );
}
