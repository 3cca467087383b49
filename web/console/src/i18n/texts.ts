/** A text of the catalogue, by language tag: whoever wrote it chose which. */
export type Texts = Readonly<Record<string, string>>;

/** What every reader is given where neither their language nor a relative of it is there. */
const COMMON = "en";

/** The text in this language or in the nearest there is, as the server chooses it; empty where there is none. */
export function textIn(texts: Texts, wanted: string): string {
  const relative = Object.keys(texts).find((tag) => tag.split("-")[0] === wanted);
  return texts[wanted] ?? texts[relative ?? COMMON] ?? Object.values(texts)[0] ?? "";
}

/** The languages of these texts, in the order in which they were written. */
export function languagesOf(...several: readonly Texts[]): string[] {
  return [...new Set(several.flatMap((texts) => Object.keys(texts)))];
}

/** What a language is called in another: `es` is "Spanish" in English. */
export function nameOfLanguage(tag: string, within: string): string {
  const name = new Intl.DisplayNames([within], { type: "language", fallback: "code" }).of(tag) ?? tag;
  return name.charAt(0).toLocaleUpperCase(within) + name.slice(1);
}
