import { expect, test } from "vitest";
import { en } from "../src/i18n/en.ts";
import { es } from "../src/i18n/es.ts";

function leaves(texts: object, path = ""): [string, string][] {
  return Object.entries(texts).flatMap(([name, value]: [string, unknown]) =>
    typeof value === "string"
      ? [[`${path}${name}`, value] as [string, string]]
      : leaves(value as object, `${path}${name}.`),
  );
}

function blanks(text: string): string[] {
  return [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1] ?? "").sort();
}

test("both languages have the same texts with the same blanks to fill", () => {
  const spanish = new Map(leaves(es));
  const english = new Map(leaves(en));

  expect([...english.keys()]).toEqual([...spanish.keys()]);
  for (const [name, text] of spanish) expect([name, blanks(english.get(name) ?? "")]).toEqual([name, blanks(text)]);
});

test("no text is empty", () => {
  expect([...leaves(es), ...leaves(en)].filter(([, text]) => text.trim() === "")).toEqual([]);
});
