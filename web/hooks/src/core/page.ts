export interface PageEvents {
  /** It is looked at. */
  visible: () => void;
  /** It is looked at no longer, */
  hidden: () => void;
  /** and has not been for so long. */
  longHidden: () => void;
  /** There may be a network again. */
  online: () => void;
  /** It goes away, for good or into the browser's back-forward cache. */
  leave: () => void;
  /** It came back from that cache. */
  restore: () => void;
}

export const isHidden = (): boolean => typeof document !== "undefined" && document.visibilityState === "hidden";

/** Listens to the life of the page, where there is one; returns what ends it. */
export function watchPage(delay: () => number | false, on: PageEvents): () => void {
  if (typeof window === "undefined" || typeof document === "undefined") return () => undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const abort = new AbortController();
  const options = { signal: abort.signal };

  function look(): void {
    clearTimeout(timer);
    const after = delay();
    if (!isHidden()) return on.visible();
    on.hidden();
    if (after !== false) timer = setTimeout(on.longHidden, after);
  }

  document.addEventListener("visibilitychange", look, options);
  window.addEventListener("online", on.online, options);
  window.addEventListener("pagehide", on.leave, options);
  window.addEventListener("pageshow", (event) => event.persisted && on.restore(), options);
  look();
  return () => {
    clearTimeout(timer);
    abort.abort();
  };
}
