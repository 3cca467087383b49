import type { ReactNode } from "react";
import type { AnyNotification } from "../core/types.ts";
import type { Styling } from "./slots.ts";

export interface NotificationToasterProps extends Styling {
  /** Default: at the bottom, at the end of the line: right, and left where one writes from right to left. */
  position?: "top-left" | "top-center" | "top-right" | "bottom-left" | "bottom-center" | "bottom-right" | undefined;
  /** Milliseconds a toast stays; `critical` ones stay until they are closed. Default: 6,000. */
  duration?: number | undefined;
  /** Toasts seen at once. Default: 3. */
  max?: number | undefined;
  /** Two notifications of the same are one toast, the later in place of the earlier. Default: each by itself. */
  dedupeBy?: ((notification: AnyNotification) => string) | undefined;
  /** Whether this one is shown. Default: every one is. */
  filter?: ((notification: AnyNotification) => boolean) | undefined;
  /** Toasts also while the panel of a bell is open, which shows the same. Default: false. */
  whileOpen?: boolean | undefined;
  /** In place of how a toast looks. `open` follows the link and reads it, `close` takes the toast away, `act` answers. */
  renderToast?: ((notification: AnyNotification, toast: ToastControls) => ReactNode) | undefined;
  /** Default: that of the element around it (`data-theme`), else the system's. */
  theme?: "light" | "dark" | "system" | undefined;
}

export interface ToastControls {
  open: () => void;
  close: () => void;
  /** Answers with one of the notification's `actions`, and takes the toast away. */
  act: (action: string) => void;
}
