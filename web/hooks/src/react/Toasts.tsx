"use client";

import type { ReactNode } from "react";
import { Toaster, toast } from "sonner";
import { safeLink } from "../core/links.ts";
import { isHidden } from "../core/page.ts";
import type { AnyEnvelope } from "../core/types.ts";
import { useNotificationContext, useNotifier } from "./context.ts";
import type { NotificationToasterProps } from "./toasting.ts";
import { useConnectionStatus } from "./useConnectionStatus.ts";
import { useNotificationEvent } from "./useNotificationEvent.ts";

const DURATION_MS = 6_000;

export default function Toasts(props: NotificationToasterProps): ReactNode {
  const { position = "bottom-right", duration = DURATION_MS, max = 3, theme = "system", dedupeBy, filter } = props;
  const { labels, onNavigate } = useNotificationContext();
  const notifier = useNotifier();
  const { isLeader } = useConnectionStatus();

  useNotificationEvent("*", (notification) => {
    // Tabs that nobody looks at leave it to those that somebody does; with none, one keeps it for later.
    if ((isHidden() && !isLeader) || (filter && !filter(notification))) return;
    const { id, title, message, link, priority } = notification as unknown as AnyEnvelope;
    const href = safeLink(link);
    const open = (): void => {
      notifier?.mark("read", [id]).catch(() => undefined);
      if (href && onNavigate) onNavigate(href);
      else if (href) location.assign(href);
    };
    toast(title ?? message, {
      id: dedupeBy?.(notification) ?? id,
      description: title === null ? undefined : message,
      duration: priority === "critical" ? Infinity : duration,
      className: `sio-toast sio-toast-${priority}`,
      ...(href && { action: { label: labels.open, onClick: open } }),
    });
  });

  return (
    <Toaster
      position={position}
      visibleToasts={max}
      theme={theme}
      closeButton
      containerAriaLabel={labels.notifications}
      toastOptions={{ closeButtonAriaLabel: labels.close }}
    />
  );
}
