// An application with the kit in it, as small as one can be.
import { createRoot } from "react-dom/client";
import {
  NotificationBell,
  NotificationProvider,
  NotificationToaster,
  useConnectionStatus,
  useUnreadCount,
} from "@sio-server/react";

function State() {
  const { status, error } = useConnectionStatus();
  const { unread } = useUnreadCount();
  return (
    <output data-status={status} data-error={error?.code} data-unread={unread}>
      {error?.text}
    </output>
  );
}

const [, search] = location.href.split("?");
const settings = new URLSearchParams(search);

const root = document.getElementById("root");
if (!root) throw new Error("no root");
createRoot(root).render(
  <NotificationProvider
    url={settings.get("url") ?? undefined}
    locale={settings.get("locale") ?? undefined}
    identity={{ user: settings.get("user") ?? "ana", role: "turista" }}
  >
    <h1>Aplicación</h1>
    <State />
    <NotificationBell />
    <NotificationToaster />
  </NotificationProvider>,
);
