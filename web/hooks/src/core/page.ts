import { attempt, guarded } from "./guard.ts";
import { type Cancel, createTimer } from "./timers.ts";

export interface PageEvents {
  /** It is looked at. */
  visible: () => void;
  /** It is looked at no longer, */
  hidden: () => void;
  /** and has not been for so long. */
  longHidden: () => void;
  /** There may be a network again, or it is another one. */
  online: () => void;
  /** It goes away, for good or into the browser's back-forward cache. */
  leave: () => void;
  /** It came back from that cache. */
  restore: () => void;
}

export const isHidden = (): boolean => attempt(() => document.visibilityState) === "hidden";

/** Whether the browser itself says that there is no network; what it does not know counts as a yes. */
export const isOffline = (): boolean => attempt(() => navigator.onLine) === false;

/** The site that the page counts as: a frame in a sandbox is of none, `null`, whatever its address. */
export const pageOrigin = (): string | undefined => attempt(() => origin) ?? attempt(() => location.origin);

/** Hear an event, where there is somebody who tells it: not every page that has a `window` can listen to it. */
function listen(target: () => EventTarget | undefined, event: string, hear: (event: Event) => void): Cancel {
  const heard = (said: Event): void => {
    guarded(hear, said);
  };
  attempt(() => target()?.addEventListener(event, heard));
  return () => {
    attempt(() => target()?.removeEventListener(event, heard));
  };
}

const ofConnection = (): EventTarget | undefined => (navigator as Navigator & { connection?: EventTarget }).connection;

/** Listens to the life of the page, where there is one; returns what ends it. */
export function watchPage(delay: () => number, on: PageEvents): Cancel {
  const timer = createTimer();

  function look(): void {
    timer.clear();
    if (!isHidden()) return on.visible();
    on.hidden();
    timer.set(delay(), on.longHidden);
  }

  const heard = [
    listen(() => document, "visibilitychange", look),
    listen(() => window, "online", on.online),
    listen(ofConnection, "change", on.online),
    listen(() => window, "pagehide", on.leave),
    listen(
      () => window,
      "pageshow",
      (event) => (event as PageTransitionEvent).persisted && on.restore(),
    ),
    timer.clear,
  ];
  if (typeof document !== "undefined") look();
  return () => {
    for (const end of heard) end();
  };
}
