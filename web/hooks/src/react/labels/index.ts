import { languageOf } from "../tags.ts";
import { en } from "./en.ts";
import { es } from "./es.ts";
import type { Labels } from "./types.ts";

export type { Labels } from "./types.ts";
export { en, es };

/** The texts in this language; in English, if there are none in it. */
export const labelsOf = (locale: string): Labels => (languageOf(locale) === "es" ? es : en);
