"use client";

import { type ReactElement, type ReactNode, type RefObject, useEffect, useRef, useState } from "react";
import { Toaster, toast } from "sonner";
import { safeLink } from "../core/links.ts";
import { isHidden } from "../core/page.ts";
import { type AnyEnvelope, type AnyNotification, keyOf } from "../core/types.ts";
import { useLabels } from "./useLabels.ts";
import { useNotificationContext, useNotifier } from "./context.ts";
import { SlotContext, useStyling } from "./slots.ts";
import { MoreCard, ToastCard } from "./ToastCard.tsx";
import type { NotificationToasterProps } from "./toasting.ts";
import { useBurst } from "./useBurst.ts";
import { useControl } from "./useControl.ts";
import { useConnectionStatus } from "./useConnectionStatus.ts";
import { useFirst } from "./useFirst.ts";
import { useGo } from "./useFollow.ts";
import { useNotificationEvent } from "./useNotificationEvent.ts";

/** Ours alone, so that an application may use sonner for its own toasts, in a place of its own. */
const TOASTER = "sio-server";

export default function Toasts(props: NotificationToasterProps): ReactNode {
  const { duration, max, theme, dedupeBy, filter, whileOpen = false, renderToast } = props;
  const { className, style, classNames, unstyled } = props;
  const labels = useLabels();
  const { panels } = useNotificationContext();
  const notifier = useNotifier();
  const { isLeader } = useConnectionStatus();
  const go = useGo();
  const given = useStyling(classNames, unstyled);
  const place = useRef<HTMLDivElement>(null);
  const isRtl = useRtl(place);

  const styled = (content: ReactNode): ReactElement => (
    <SlotContext.Provider value={given}>{content}</SlotContext.Provider>
  );
  const isFirst = useFirst(notifier);
  const burst = useBurst({
    duration,
    max,
    more: (count, close) => styled(<MoreCard count={count} close={close} />),
    common: { toasterId: TOASTER, className: unstyled ? "" : "sio-toast-place" },
  });

  function show(notification: AnyNotification): void {
    const envelope = notification as unknown as AnyEnvelope;
    const { id: own, link, priority } = envelope;
    const id = dedupeBy?.(notification) ?? keyOf(envelope);
    const href = safeLink(link);
    const close = (): void => void toast.dismiss(id);
    const act = (action: string): void => {
      notifier?.act(own, action).catch(() => undefined);
      close();
    };
    const open = (): void => {
      notifier?.mark("read", [own]).catch(() => undefined);
      close();
      if (href !== undefined) go(href);
    };
    const card = renderToast?.(notification, { open, close, act });
    if (card === null) return;
    const content = card ?? <ToastCard notification={notification} open={open} close={close} act={act} />;
    burst.add({ id, of: own, isCritical: priority === "critical" }, (common) => {
      toast.custom(() => styled(content), common);
    });
  }

  useNotificationEvent("*", (notification) => {
    // Tabs that nobody looks at leave it to those that somebody does; with none, one keeps it for later.
    if (!isFirst || (isHidden() && !isLeader) || (filter && !filter(notification))) return;
    if (!panels.isOpen() || whileOpen) show(notification);
  });
  // What is mended is no news: it says something else where it is up already.
  useControl("ns:updated", (notification) => {
    if (burst.holds(notification.id)) show(notification as unknown as AnyNotification);
  });
  useControl("ns:removed", ({ id }) => {
    burst.remove(id);
  });
  useControl("ns:answered", ({ id }) => {
    burst.remove(id);
  });

  return (
    <div
      ref={place}
      className={unstyled ? undefined : "sio-toaster"}
      data-theme={theme === "system" ? undefined : theme}
    >
      {isFirst && (
        <Toaster
          id={TOASTER}
          {...(className !== undefined && { className })}
          {...(style && { style })}
          position={props.position ?? (isRtl ? "bottom-left" : "bottom-right")}
          dir={isRtl ? "rtl" : "ltr"}
          visibleToasts={burst.most + 1}
          containerAriaLabel={labels.toasts}
        />
      )}
    </div>
  );
}

/** Which way one writes where this element stands. */
function useRtl(element: RefObject<HTMLElement | null>): boolean {
  const [isRtl, setRtl] = useState(false);
  useEffect(() => {
    const look = (): void => {
      if (element.current) setRtl(getComputedStyle(element.current).direction === "rtl");
    };
    look();
    const observer = new MutationObserver(look);
    observer.observe(document.documentElement, { attributes: true, subtree: true, attributeFilter: ["dir"] });
    return () => {
      observer.disconnect();
    };
  }, [element]);
  return isRtl;
}
