"use client";

import type { AnyNotification } from "../core/types.ts";
import { useConnectionStatus } from "./useConnectionStatus.ts";
import { useNotificationEvent } from "./useNotificationEvent.ts";

/** Every live notification to one handler, which reads its `type`, `message` and `data`; and whether one is connected. */
export function useWebSocket(handler: (notification: AnyNotification) => void): { isConnected: boolean } {
  useNotificationEvent("*", handler);
  return { isConnected: useConnectionStatus().status === "connected" };
}
