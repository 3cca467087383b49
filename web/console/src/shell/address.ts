import { useCallback, useMemo, useSyncExternalStore } from "react";
import type { BaseLocationHook } from "wouter";

/**
 * Where one is stands behind the `#`, with what it is narrowed to: `#/usuarios/42?rol=admin`. The library's own hook for
 * this moves what follows the `?` in front of the `#`, where it would stay on the way to another section.
 */
function raw(): string {
  return `/${window.location.hash.replace(/^#?\/?/, "")}`;
}

function subscribe(listener: () => void): () => void {
  window.addEventListener("hashchange", listener);
  window.addEventListener("popstate", listener);
  return () => {
    window.removeEventListener("hashchange", listener);
    window.removeEventListener("popstate", listener);
  };
}

export function navigate(to: string, { replace = false }: { replace?: boolean } = {}): void {
  const before = window.location.href;
  const hash = `#/${to.replace(/^#?\/?/, "")}`;
  window.history[replace ? "replaceState" : "pushState"](null, "", hash);
  window.dispatchEvent(new HashChangeEvent("hashchange", { oldURL: before, newURL: window.location.href }));
}

function path(): string {
  // The router decodes what it is given, and the sections decode names once more: "100%" would be read twice.
  return (raw().split("?", 1)[0] ?? "/").replaceAll("%", "%25");
}

/** For wouter's `<Router hook>`: the path, as it is written in the address. */
export const useHashPath: BaseLocationHook = Object.assign(
  (): [string, typeof navigate] => [useSyncExternalStore(subscribe, path), navigate],
  { hrefs: (href: string) => `#${href}` },
);

/** Whether everything in the address can be read. One that was cut in a message may end in half a character. */
export function useAddressIsWhole(): boolean {
  const address = useSyncExternalStore(subscribe, raw);
  return useMemo(() => decoded(address) !== null, [address]);
}

/** A name out of an address; null for what is none. */
export function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

type Fields = Readonly<Record<string, string | null>>;

/** What a section is narrowed to, as its address says; and how to change that. An empty field is left out. */
export function useAddressFields(): [URLSearchParams, (change: Fields, options?: { replace?: boolean }) => void] {
  const text = useSyncExternalStore(subscribe, fieldsText);
  const fields = useMemo(() => new URLSearchParams(text), [text]);
  const set = useCallback((change: Fields, { replace = true }: { replace?: boolean } = {}) => {
    navigate(withFields(raw().split("?", 1)[0] ?? "/", change, fieldsText()), { replace });
  }, []);
  return [fields, set];
}

function fieldsText(): string {
  const [, ...rest] = raw().split("?");
  return rest.join("?");
}

/** An address with these fields. */
export function withFields(target: string, change: Fields, before = ""): string {
  const fields = new URLSearchParams(before);
  for (const [name, value] of Object.entries(change)) {
    if (value === null || value === "") fields.delete(name);
    else fields.set(name, value);
  }
  const text = fields.toString();
  return text === "" ? target : `${target}?${text}`;
}
