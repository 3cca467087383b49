import { describe, expect, test } from "vitest";
import type { EventType, NotificationRecord } from "../src/api/records.ts";
import { languageName } from "../src/i18n/languageName.ts";
import { bodyOf, emptyDraft } from "../src/sections/send/draft.ts";
import { draftTextsOf, isSaidIn, languagesOf, tagOf } from "../src/sections/send/languages.ts";

const kind = {
  type: "tour_cambiado",
  title: { es: "Tour cambiado", "pt-BR": "Passeio alterado" },
  message: { es: "Tu tour ha cambiado", de: "Deine Tour hat sich geändert" },
} as unknown as EventType;

describe("texts in other languages", () => {
  test("go along without what was left empty", () => {
    const texts = [
      { tag: "en", title: "Hi", message: " " },
      { tag: "pt-BR", title: "", message: "Oi" },
      { tag: "fr", title: "", message: "" },
    ];
    const { body } = bodyOf({ ...emptyDraft("test"), texts }, undefined);
    expect(body.texts).toEqual({ en: { title: "Hi" }, "pt-BR": { message: "Oi" } });
    expect(bodyOf({ ...emptyDraft("test"), texts: texts.slice(2) }, undefined).body).not.toHaveProperty("texts");
  });

  test("of a published notification are what it says otherwise, its actions aside", () => {
    const record = { texts: { en: { title: "Hi", message: "Hello" }, de: { actions: [] }, pt: { message: "Oi" } } };
    expect(draftTextsOf(record as unknown as NotificationRecord)).toEqual([
      { tag: "en", title: "Hi", message: "Hello" },
      { tag: "pt", title: "", message: "Oi" },
    ]);
  });

  test("are offered in the languages of the catalogue, and said in one that it or the draft has", () => {
    expect(languagesOf([kind])).toEqual(["de", "en", "es", "pt-BR"]);
    const draft = { ...emptyDraft("tour_cambiado"), texts: [{ tag: "en", title: "Hi", message: "" }] };
    expect(["en", "de", "fr"].map((tag) => isSaidIn(tag, draft, kind))).toEqual([true, true, false]);
    expect(isSaidIn("de", { ...draft, message: "Otro texto" }, kind)).toBe(false);
  });

  test("are named by a tag in its usual spelling, and have a name in the reader's language", () => {
    expect(["PT-br", " en ", "x", "no es", ""].map(tagOf)).toEqual(["pt-BR", "en", null, null, null]);
    expect([languageName("pt-BR", "es"), languageName("en", "en"), languageName("abcdefgh", "es")]).toEqual([
      "portugués (Brasil)",
      "English",
      "abcdefgh",
    ]);
  });
});
