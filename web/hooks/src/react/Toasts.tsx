"use client";

import type { ReactNode } from "react";
import { Toaster, toast } from "sonner";
import { safeLink } from "../core/links.ts";
import { isHidden } from "../core/page.ts";
import type { AnyEnvelope } from "../core/types.ts";
import { useNotificationContext, useNotifier } from "./context.ts";
import type { NotificationToasterProps } from "./toasting.ts";
import { useBurst } from "./useBurst.ts";
import { useConnectionStatus } from "./useConnectionStatus.ts";
import { useFirst } from "./useFirst.ts";
import { useNotificationEvent } from "./useNotificationEvent.ts";

export default function Toasts(props: NotificationToasterProps): ReactNode {
  const { position = "bottom-right", duration, max, theme = "system", dedupeBy, filter } = props;
  const { labels, onNavigate } = useNotificationContext();
  const notifier = useNotifier();
  const { isLeader } = useConnectionStatus();
  const isFirst = useFirst(notifier);
  const burst = useBurst({ duration, max, more: labels.fresh });

  useNotificationEvent("*", (notification) => {
    // Tabs that nobody looks at leave it to those that somebody does; with none, one keeps it for later.
    if (!isFirst || (isHidden() && !isLeader) || (filter && !filter(notification))) return;
    const { id: own, title, message, link, priority } = notification as unknown as AnyEnvelope;
    const href = safeLink(link);
    const open = (): void => {
      notifier?.mark("read", [own]).catch(() => undefined);
      if (href && onNavigate) onNavigate(href);
      else if (href) location.assign(href);
    };
    burst.add(dedupeBy?.(notification) ?? own, priority === "critical", (common) => {
      toast(title ?? message, {
        ...common,
        description: title === null ? undefined : message,
        className: `sio-toast sio-toast-${priority}`,
        ...(href && { action: { label: labels.open, onClick: open } }),
      });
    });
  });

  if (!isFirst) return null;
  return (
    <Toaster
      position={position}
      visibleToasts={burst.most + 1}
      theme={theme}
      closeButton
      containerAriaLabel={labels.notifications}
      toastOptions={{ closeButtonAriaLabel: labels.close }}
    />
  );
}
