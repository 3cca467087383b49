"use client";

export {
  type Action,
  type AnyEnvelope,
  type AnyItem,
  type AnyNotification,
  type ConnectionState,
  type ConnectionStatus,
  type Counts,
  createNotifier,
  type DevelopmentIdentity,
  type EventMap,
  type EventName,
  type Events,
  type GetToken,
  type ItemState,
  type List,
  type ListOptions,
  type ListState,
  type ListStatus,
  type NotificationItem,
  type Notifier,
  NotifierError,
  type NotifierOptions,
  type NotifierState,
  type OnOptions,
  type Register,
  safeLink,
  type TokenReason,
} from "./core/index.ts";
export { ConnectionBanner } from "./react/ConnectionBanner.tsx";
export { useNotifier } from "./react/context.ts";
export { en, es, type Labels } from "./react/labels.ts";
export { NotificationBell, type NotificationBellProps } from "./react/NotificationBell.tsx";
export { NotificationInbox, type NotificationInboxProps } from "./react/NotificationInbox.tsx";
export { NotificationProvider, type NotificationProviderProps } from "./react/NotificationProvider.tsx";
export { NotificationToaster } from "./react/NotificationToaster.tsx";
export { relativeTime } from "./react/times.ts";
export type { NotificationToasterProps } from "./react/toasting.ts";
export { type ConnectionStatusResult, useConnectionStatus } from "./react/useConnectionStatus.ts";
export { useNotificationEvent } from "./react/useNotificationEvent.ts";
export { type NotificationsResult, useNotifications } from "./react/useNotifications.ts";
export { useNow } from "./react/useNow.ts";
export { type UnreadCount, useUnreadCount } from "./react/useUnreadCount.ts";
export { useWebSocket } from "./react/useWebSocket.ts";
