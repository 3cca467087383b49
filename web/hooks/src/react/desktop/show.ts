import type { AnyEnvelope } from "../../core/types.ts";
import { headingOf } from "../texts.ts";

interface Look {
  lang: string;
  icon: string | undefined;
  /** A sound of the page's own takes the place of the system's. */
  silent: boolean;
  onClick: () => void;
}

/** A notification of the system's; of several tabs that show the same one, the system shows one. */
export async function showOnDesktop(envelope: AnyEnvelope, look: Look): Promise<void> {
  const { id, title, message, priority } = envelope;
  const heading = headingOf({ title, message });
  const options: NotificationOptions = {
    body: heading === title ? message : "",
    tag: `sio-server.${id}`,
    lang: look.lang,
    dir: "auto",
    requireInteraction: priority === "critical",
    silent: look.silent || priority === "low",
    ...(look.icon !== undefined && { icon: look.icon }),
  };
  try {
    const shown = new Notification(heading, options);
    shown.onclick = () => {
      window.focus();
      shown.close();
      look.onClick();
    };
  } catch {
    // Phones allow it to service workers alone; there is nothing to be shown without one.
    const worker = await navigator.serviceWorker.getRegistration();
    await worker?.showNotification(heading, options);
  }
}
