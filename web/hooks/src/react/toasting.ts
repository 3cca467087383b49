import type { AnyNotification } from "../core/types.ts";

export interface NotificationToasterProps {
  position?: "top-left" | "top-center" | "top-right" | "bottom-left" | "bottom-center" | "bottom-right" | undefined;
  /** Milliseconds a toast stays; `critical` ones stay until they are closed. Default: 6,000. */
  duration?: number | undefined;
  /** Toasts seen at once. Default: 3. */
  max?: number | undefined;
  /** Two notifications of the same are one toast, the later in place of the earlier. Default: each by itself. */
  dedupeBy?: ((notification: AnyNotification) => string) | undefined;
  /** Whether this one is shown. Default: every one is. */
  filter?: ((notification: AnyNotification) => boolean) | undefined;
  theme?: "light" | "dark" | "system" | undefined;
}
