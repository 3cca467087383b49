import { type AnyEnvelope, keyOf } from "../../core/types.ts";
import { headingOf } from "../texts.ts";

interface Look {
  lang: string;
  icon: string | undefined;
  /** A sound of the page's own takes the place of the system's. */
  silent: boolean;
  onClick: () => void;
}

const shown = new Map<string, Notification>(); // by the notification's id, while they are up

/** Whether it is up, as far as this page has put it there. */
export const isOnDesktop = (id: string): boolean => shown.has(id);

/** The notification was taken back, or answered elsewhere. */
export function hideOnDesktop(id: string): void {
  shown.get(id)?.close();
  shown.delete(id);
}

/** A notification of the system's; of several tabs that show the same one, the system shows one. */
export async function showOnDesktop(envelope: AnyEnvelope, look: Look): Promise<void> {
  const { id, title, message, priority } = envelope;
  const heading = headingOf({ title, message });
  const options: NotificationOptions = {
    body: heading === title ? message : "",
    tag: `sio-server.${keyOf(envelope)}`, // one that takes the place of another does so here, too
    lang: look.lang,
    dir: "auto",
    requireInteraction: priority === "critical",
    silent: look.silent || priority === "low",
    ...(look.icon !== undefined && { icon: look.icon }),
  };
  try {
    const notification = new Notification(heading, options);
    shown.set(id, notification);
    notification.onclose = () => {
      if (shown.get(id) === notification) shown.delete(id);
    };
    notification.onclick = () => {
      window.focus();
      notification.close();
      look.onClick();
    };
  } catch {
    // Phones allow it to service workers alone; there is nothing to be shown without one.
    const worker = await navigator.serviceWorker.getRegistration();
    await worker?.showNotification(heading, options);
  }
}
