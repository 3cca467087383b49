"use client";

export {
  type Action,
  type Answered,
  type AnyEnvelope,
  type AnyItem,
  type AnyNotification,
  type ConnectionState,
  type ConnectionStatus,
  type Counts,
  createNotifier,
  type DevelopmentIdentity,
  type EnvelopeAction,
  type EventMap,
  type EventName,
  type Events,
  type Extras,
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
  type Which,
} from "./core/index.ts";
export { ConnectionBanner, type ConnectionBannerProps } from "./react/ConnectionBanner.tsx";
export { useNotifier } from "./react/context.ts";
export type { DesktopPermission } from "./react/desktop/permission.ts";
export type { Sound } from "./react/desktop/sound.ts";
export type { GroupOptions } from "./react/grouping.ts";
export type { Category } from "./react/InboxChoices.tsx";
export type { EmptyState } from "./react/InboxFoot.tsx";
export { en, es, type Labels } from "./react/labels/index.ts";
export { plural, type PluralForms } from "./react/labels/plural.ts";
export { NotificationBell, type NotificationBellProps } from "./react/NotificationBell.tsx";
export { NotificationInbox, type NotificationInboxProps } from "./react/NotificationInbox.tsx";
export { NotificationProvider, type NotificationProviderProps } from "./react/NotificationProvider.tsx";
export { NotificationToaster } from "./react/NotificationToaster.tsx";
export type { Slot, Styling } from "./react/slots.ts";
export { relativeTime } from "./react/times.ts";
export type { NotificationToasterProps, ToastControls } from "./react/toasting.ts";
export { type ConnectionStatusResult, useConnectionStatus } from "./react/useConnectionStatus.ts";
export {
  type DesktopNotifications,
  type DesktopNotificationsOptions,
  useDesktopNotifications,
} from "./react/useDesktopNotifications.ts";
export type { ItemAction } from "./react/useItemHandlers.ts";
export { type InboxGroupsResult, type NotificationGroup, useInboxGroups } from "./react/useInboxGroups.ts";
export { useNotificationEvent } from "./react/useNotificationEvent.ts";
export { type NotificationsResult, useNotifications } from "./react/useNotifications.ts";
export { useNow } from "./react/useNow.ts";
export { type TabCountOptions, useTabCount } from "./react/useTabCount.ts";
export { type TopicResult, useTopic } from "./react/useTopic.ts";
export { type UnreadCount, useUnreadCount } from "./react/useUnreadCount.ts";
export { useWebSocket } from "./react/useWebSocket.ts";
