export type DesktopPermission = NotificationPermission | "unsupported";

/** What the browser says now; `unsupported` where it has no notifications, or not for this page. */
export function permissionNow(): DesktopPermission {
  try {
    return typeof Notification === "undefined" ? "unsupported" : Notification.permission;
  } catch {
    return "unsupported";
  }
}

/** Calls when the user changes the permission in the browser's settings, where it tells; returns what ends it. */
export function watchPermission(changed: () => void): () => void {
  const abort = new AbortController();
  const options = { signal: abort.signal };
  const watch = async (): Promise<void> => {
    const status = await navigator.permissions.query({ name: "notifications" });
    status.addEventListener("change", changed, options);
  };
  // Some browsers know no such permission, and some no permissions at all: coming back to the page is enough there.
  watch().catch(() => undefined);
  window.addEventListener("focus", changed, options);
  return () => {
    abort.abort();
  };
}

/** Asks the user. Browsers show the question only in answer to a click or a key. */
export async function askPermission(): Promise<DesktopPermission> {
  try {
    if (permissionNow() === "default") await Notification.requestPermission();
  } catch {
    // In a frame of another site, or without a secure connection, it may not even be asked.
  }
  return permissionNow();
}
