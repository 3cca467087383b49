"use client";

import { useCallback, useMemo, useState, useSyncExternalStore } from "react";
import { isHidden } from "../core/page.ts";
import { safeLink } from "../core/links.ts";
import type { AnyEnvelope, AnyNotification } from "../core/types.ts";
import { useNotificationContext, useNotifier } from "./context.ts";
import { askPermission, type DesktopPermission, permissionNow, watchPermission } from "./desktop/permission.ts";
import { hideOnDesktop, isOnDesktop, showOnDesktop } from "./desktop/show.ts";
import { play, type Sound } from "./desktop/sound.ts";
import { useControl } from "./useControl.ts";
import { useConnectionStatus } from "./useConnectionStatus.ts";
import { useGo } from "./useFollow.ts";
import { useNotificationEvent } from "./useNotificationEvent.ts";
import { type TabCountOptions, useTabCount } from "./useTabCount.ts";

export interface DesktopNotificationsOptions extends TabCountOptions {
  /** Whether any are shown, as the user has set it in your application. Default: true. */
  enabled?: boolean | undefined;
  /** Which of them. Default: those that are not of low priority. */
  filter?: ((notification: AnyNotification) => boolean) | undefined;
  /** Also while the page is looked at, where toasts tell the same. Default: false. */
  whileVisible?: boolean | undefined;
  /** `true` for the kit's own sound, the address of one, or a function that plays one. Default: false. */
  sound?: Sound | undefined;
  /** The picture in the system's notification: an address. */
  icon?: string | undefined;
}

export interface DesktopNotifications {
  /** `default`: nobody has asked yet. `unsupported`: this browser has none, or not for this page. */
  permission: DesktopPermission;
  /** Whether asking makes sense: the user has not answered yet. */
  canAsk: boolean;
  /** Asks the user. Call it when a button was clicked: browsers show the question at no other time. */
  request: () => Promise<DesktopPermission>;
}

const isImportant = (notification: AnyNotification): boolean =>
  (notification as unknown as AnyEnvelope).priority !== "low";
const UNSUPPORTED = (): DesktopPermission => "unsupported";

/**
 * Shows notifications on the user's desktop while the page is not looked at, with a sound if you like, and how many are
 * unread in the title of the page. It never asks by itself: put a button where the user knows what for, and call
 * `request` from it. Use it once.
 */
export function useDesktopNotifications(options: DesktopNotificationsOptions = {}): DesktopNotifications {
  const { enabled = true, filter = isImportant, whileVisible = false, sound = false, icon } = options;
  const { locale } = useNotificationContext();
  const notifier = useNotifier();
  const { isLeader } = useConnectionStatus();
  const go = useGo();
  useTabCount(options);
  const [, setAnswer] = useState<DesktopPermission>(); // a render is all it takes: it is read anew in each
  const permission = useSyncExternalStore(watchPermission, permissionNow, UNSUPPORTED);

  const show = (envelope: AnyEnvelope, silent: boolean): void => {
    const onClick = (): void => {
      notifier?.mark("read", [envelope.id]).catch(() => undefined);
      const href = safeLink(envelope.link);
      if (href !== undefined) go(href);
    };
    showOnDesktop(envelope, { lang: locale, icon, silent, onClick }).catch(() => undefined);
  };

  useNotificationEvent("*", (notification) => {
    // Of the tabs of one user one tells: the one that is looked at, else the one that holds the connection.
    const hidden = isHidden();
    if (!enabled || (hidden && !isLeader) || !filter(notification)) return;
    play(sound);
    const isLookedAt = !hidden && document.hasFocus();
    if (permission !== "granted" || (isLookedAt && !whileVisible)) return;
    show(notification, sound !== false);
  });
  useControl("ns:updated", (envelope) => {
    if (isOnDesktop(envelope.id)) show(envelope, true);
  });
  useControl("ns:removed", ({ id }) => {
    hideOnDesktop(id);
  });
  useControl("ns:answered", ({ id }) => {
    hideOnDesktop(id);
  });

  const request = useCallback(async () => {
    const answer = await askPermission();
    setAnswer(answer);
    return answer;
  }, []);
  return useMemo(() => ({ permission, canAsk: permission === "default", request }), [permission, request]);
}
