"use client";

import { useNotificationContext } from "./context.ts";
import { type Labels, labelsOf } from "./labels/index.ts";

const made = new WeakMap<object, Map<string, Labels>>();

/** The texts of a language with those of the application over them; the same object for the same ones. */
function withOwn(locale: string, own: Partial<Labels>): Labels {
  const languages = made.get(own) ?? new Map<string, Labels>();
  made.set(own, languages);
  let labels = languages.get(locale);
  if (!labels) {
    // JavaScript may hand in `undefined` where it has no text.
    const given = Object.entries(own).filter(([, text]) => (text as unknown) !== undefined);
    languages.set(locale, (labels = { ...labelsOf(locale), ...Object.fromEntries(given) }));
  }
  return labels;
}

/** The components' texts. Asked for by them alone, so that an application of hooks alone does not load any. */
export function useLabels(): Labels {
  const { locale, texts } = useNotificationContext();
  return texts ? withOwn(locale, texts) : labelsOf(locale);
}
