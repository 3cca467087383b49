import { attempt } from "./guard.ts";

const DEFAULT = "es";

// The server refuses longer ones, and there is no language whose tag is as long.
const MAX_LENGTH = 35;

/**
 * A language as everything that takes one does (BCP 47): `es_PE.UTF-8` becomes `es-PE`, and what is no language at all
 * the default. `Intl` and `fetch` throw at anything else.
 */
export function languageTag(locale: unknown): string {
  const text =
    attempt(() =>
      String(locale)
        .trim()
        .replace(/[.@].*$/, "")
        .replace(/_/g, "-"),
    ) ?? "";
  for (const tag of [text, /^[a-z]+/i.exec(text)?.[0] ?? ""]) {
    const found = attempt(() => Intl.getCanonicalLocales(tag)[0]);
    if (found && found.length <= MAX_LENGTH && /^[a-z]{2,3}(-|$)/.test(found)) return found;
  }
  return DEFAULT;
}
