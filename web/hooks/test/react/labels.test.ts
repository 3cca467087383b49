import { describe, expect, it } from "vitest";
import { en, es, labelsOf } from "../../src/react/labels/index.ts";
import { plural } from "../../src/react/labels/plural.ts";
import { tagOf } from "../../src/react/tags.ts";

describe("a language", () => {
  it.each([
    ["es", es],
    ["es-PE", es],
    ["es_MX.UTF-8", es],
    ["ES", es],
    ["en-GB", en],
    ["fr", en],
    ["", es],
  ])("%j has its texts, or English ones", (locale, texts) => {
    expect(labelsOf(locale)).toBe(texts);
  });

  it.each([
    ["es_PE", false, "es-PE"],
    ["en_US.UTF-8", false, "en-US"],
    ["ca@valencia", true, "ca"],
    ["fr", false, "en"], // no French dates among English texts
    ["fr", true, "fr"],
    ["pt-br", true, "pt-BR"],
    ["not a tag!", true, "not"],
    ["", false, "es"],
    ["12", true, "es"],
    [null, false, "es"],
    [{}, true, "es"],
  ])("%j (own texts: %s) is the tag %j, which Intl takes", (locale, hasTexts, tag) => {
    const found = tagOf(locale, hasTexts);
    expect(found).toBe(tag);
    expect(() => new Intl.DateTimeFormat(found)).not.toThrow();
  });

  it("has as many plurals as it has", () => {
    const fresh = plural("ru", { one: "# новое", few: "# новых (2-4)", other: "# новых" });
    expect([1, 3, 5, 21].map(fresh)).toEqual(["1 новое", "3 новых (2-4)", "5 новых", "21 новое"]);
    expect(plural("es", { other: "# nuevas" })(1)).toBe("1 nuevas");
    expect(plural("es", { one: "# reserva", other: "# reservas" })(12_345)).toBe("12.345 reservas");
  });

  it("has the same texts in Spanish and in English", () => {
    expect(Object.keys(en).sort()).toEqual(Object.keys(es).sort());
  });
});
