"use client";

import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { useNotificationContext, useNotifier } from "./context.ts";
import { NotificationInbox, type NotificationInboxProps } from "./NotificationInbox.tsx";
import { useConnectionStatus } from "./useConnectionStatus.ts";
import { useNotifierState } from "./useNotifierState.ts";
import { cap, useUnreadCount } from "./useUnreadCount.ts";

export interface NotificationBellProps extends NotificationInboxProps {
  /** What the badge counts. `unseen` goes back to nothing when the list is opened. Default: `unread`. */
  badge?: "unread" | "unseen" | undefined;
  /** The badge shows no more than this. Default: 99. */
  max?: number | undefined;
  /** In place of the icon. */
  icon?: ReactNode;
  /** In place of the inbox in the panel. */
  children?: ReactNode;
}

/** A button with a count, and the inbox in a panel that it opens. */
export function NotificationBell(props: NotificationBellProps): ReactNode {
  const { badge = "unread", max = 99, icon = <BellIcon />, children, ...inbox } = props;
  const { labels } = useNotificationContext();
  const notifier = useNotifier();
  const { status } = useConnectionStatus();
  const count = useUnreadCount()[badge];
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const id = useId();

  useEffect(() => {
    if (!open) return undefined;
    panel.current?.focus();
    const outside = ({ target }: Event): void => {
      if (!root.current?.contains(target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    return () => {
      document.removeEventListener("pointerdown", outside);
    };
  }, [open]);

  // What is on the screen has been seen, what comes while it is open as well.
  // By the newest and not by the count: a change that fails is taken back, and must not be the reason for the next.
  const newest = useNotifierState((state) => state.items[0]?.seq);
  useEffect(() => {
    if (!open || !notifier?.getState().counts.unseen) return;
    notifier.mark("seen", "all").catch(() => undefined);
  }, [open, newest, notifier]);

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key !== "Escape" || !open) return;
    event.stopPropagation();
    setOpen(false);
    button.current?.focus();
  }

  return (
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions -- Escape, from whatever has the focus inside
    <div className="sio-bell" ref={root} onKeyDown={onKeyDown} data-status={status}>
      <button
        ref={button}
        type="button"
        className="sio-bell-button"
        aria-haspopup="dialog"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        aria-label={labels.bell(count)}
        onClick={() => {
          setOpen(!open);
        }}
      >
        {icon}
        {count > 0 && (
          <span className="sio-badge" aria-hidden="true">
            {cap(count, max)}
          </span>
        )}
      </button>
      {open && (
        <div ref={panel} id={id} role="dialog" aria-label={labels.notifications} tabIndex={-1} className="sio-panel">
          {children ?? <NotificationInbox {...inbox} />}
        </div>
      )}
    </div>
  );
}

function BellIcon(): ReactNode {
  return (
    <svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">
      <path
        fill="none"
        stroke="currentColor"
        strokeWidth="1.8"
        strokeLinecap="round"
        strokeLinejoin="round"
        d="M6 17h12l-1.6-2.4V10a4.4 4.4 0 0 0-8.8 0v4.6zM10 20a2.2 2.2 0 0 0 4 0M12 5.6V4"
      />
    </svg>
  );
}
