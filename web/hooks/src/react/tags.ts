import { languageTag } from "../core/locale.ts";

const DEFAULT = "es";

/** Languages that the kit has texts in. */
const TEXTS: readonly string[] = ["es", "en"];

/** The language of a tag as people write them: "es_PE.UTF-8" is "es". */
export const languageOf = (locale: string): string => (/^[a-z]+/i.exec(locale)?.[0] ?? DEFAULT).toLowerCase();

/**
 * A tag that `Intl` and `lang` take (BCP 47), for whatever an application says its language is: "es_PE" is "es-PE". What
 * is no language at all is the default; a language that has no texts is English throughout, dates included.
 */
export function tagOf(locale: unknown, hasTexts: boolean): string {
  const text = typeof locale === "string" ? locale.trim() : DEFAULT;
  const language = languageOf(text);
  if (!hasTexts && !TEXTS.includes(language)) return "en";
  return languageTag(text);
}
