"use client";

import { lazy, type ReactNode, Suspense, useEffect, useState } from "react";
import type { NotificationToasterProps } from "./toasting.ts";

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
