import type { NotificationData } from "@mantine/notifications";
import i18next from "i18next";
import { lazy, Suspense, useSyncExternalStore } from "react";

const Container = lazy(async () => ({ default: (await import("@mantine/notifications")).Notifications }));

const listeners = new Set<() => void>();
let isWanted = false;

/** Says in a corner how something went. The library that does it is loaded with the first one. */
export async function notice(data: NotificationData): Promise<void> {
  isWanted = true;
  for (const listener of listeners) listener();
  const { notifications } = await import("@mantine/notifications");
  notifications.show({ closeButtonProps: { "aria-label": i18next.t("common.close") }, ...data });
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Where notices appear. */
export function Notices() {
  return useSyncExternalStore(subscribe, () => isWanted) ? (
    <Suspense fallback={null}>
      <Container position="top-right" limit={4} />
    </Suspense>
  ) : null;
}
