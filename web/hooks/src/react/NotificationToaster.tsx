"use client";

import { lazy, type ReactNode, Suspense, useEffect, useState } from "react";
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

// On its own, since sonner puts its styles into the page when it is loaded: who shows no toasts does not load it.
const Toasts = lazy(() => import("./Toasts.tsx"));

/** Shows what happens live as toasts. Put it in once; it is never the only place where something is told. */
export function NotificationToaster(props: NotificationToasterProps): ReactNode {
  const [inPage, setInPage] = useState(false);
  useEffect(() => {
    setInPage(true); // eslint-disable-line react-hooks/set-state-in-effect -- there are no toasts in what a server renders
  }, []);
  return inPage && <Suspense fallback={null}>{<Toasts {...props} />}</Suspense>;
}
