/** What a text is for each plural category of a language (CLDR); `#` stands for the number. */
export type PluralForms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };

const made = new Map<string, { rules: Intl.PluralRules; number: Intl.NumberFormat }>();

function formatsOf(locale: string): { rules: Intl.PluralRules; number: Intl.NumberFormat } {
  let formats = made.get(locale);
  if (!formats) {
    formats = { rules: new Intl.PluralRules(locale), number: new Intl.NumberFormat(locale) };
    made.set(locale, formats);
  }
  return formats;
}

/**
 * A label that depends on a number: `plural("ru", { one: "# новое", few: "# новых", other: "# новых" })`. Languages
 * have up to six forms; `other` stands in for those that are left out.
 */
export function plural(locale: string, forms: PluralForms): (count: number) => string {
  return (count) => {
    const { rules, number } = formatsOf(locale);
    return (forms[rules.select(count)] ?? forms.other).replace("#", number.format(count));
  };
}
