import { describe, expect, it } from "vitest";
import { languagesOf, nameOfLanguage, textIn } from "../src/i18n/texts.ts";

describe("a text of the catalogue", () => {
  it("is in the reader's language, a relative of it, English, or whatever there is", () => {
    expect(textIn({ es: "hola", en: "hello" }, "es")).toBe("hola");
    expect(textIn({ "es-PE": "hola", en: "hello" }, "es")).toBe("hola");
    expect(textIn({ pt: "olá", en: "hello" }, "es")).toBe("hello");
    expect(textIn({ pt: "olá", fr: "salut" }, "es")).toBe("olá");
    expect(textIn({}, "es")).toBe("");
  });

  it("has the languages that somebody wrote, each by its name", () => {
    expect(languagesOf({ pt: "a", es: "b" }, { en: "c", pt: "d" })).toEqual(["pt", "es", "en"]);
    expect(nameOfLanguage("en", "es")).toBe("Inglés");
    expect(nameOfLanguage("pt-BR", "en")).toBe("Brazilian Portuguese");
  });
});
