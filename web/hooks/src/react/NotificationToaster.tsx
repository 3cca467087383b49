"use client";

import { type ComponentType, lazy, type ReactNode, Suspense, useEffect, useState } from "react";
import type { NotificationToasterProps } from "./toasting.ts";

// On its own, since sonner puts its styles into the page when it is loaded: who shows no toasts does not load it.
// A release takes the files of the one before away, and a page that is open still asks for them: then there are none.
const Toasts = lazy<ComponentType<NotificationToasterProps>>(() =>
  import("./Toasts.tsx").catch((error: unknown) => {
    console.error("sio-server: toasts could not be loaded", error);
    return { default: () => null };
  }),
);

/** Shows what happens live as toasts. Put it in once; it is never the only place where something is told. */
export function NotificationToaster(props: NotificationToasterProps): ReactNode {
  const [inPage, setInPage] = useState(false);
  useEffect(() => {
    setInPage(true); // eslint-disable-line react-hooks/set-state-in-effect -- there are no toasts in what a server renders
  }, []);
  return inPage && <Suspense fallback={null}>{<Toasts {...props} />}</Suspense>;
}
