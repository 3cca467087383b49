import { useSyncExternalStore } from "react";

export const DENSITIES = ["roomy", "compact"] as const;
export type Density = (typeof DENSITIES)[number];

const KEY = "sio-server:density";
const listeners = new Set<() => void>();

let density: Density = stored();

function stored(): Density {
  try {
    return localStorage.getItem(KEY) === "compact" ? "compact" : "roomy";
  } catch {
    return "roomy"; // a browser that keeps nothing for this site
  }
}

function show(): void {
  document.documentElement.dataset.density = density;
}

/** How high rows are is a matter of the stylesheets, by `data-density` of the document. */
export function startDensity(): void {
  show();
}

export function chooseDensity(next: Density): void {
  density = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // The choice lasts until the tab is closed.
  }
  show();
  for (const listener of listeners) listener();
}

export function useDensity(): Density {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => density,
  );
}
