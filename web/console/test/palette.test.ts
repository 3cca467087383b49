import { expect, test } from "vitest";
import { best, isIdentity, score } from "../src/shell/palette/match.ts";

const TYPES = ["tour_creado", "reserva_creada", "reserva_cancelada", "recomendacion_creada"];

test.each([
  ["reserva", ["reserva_creada", "reserva_cancelada"]],
  ["res can", ["reserva_cancelada"]],
  ["creada", ["reserva_creada", "recomendacion_creada"]],
  ["CREADO", ["tour_creado"]],
  ["nada", []],
])("%s finds %j", (typed, found) => {
  expect(best(typed, TYPES, (type) => type, 9)).toEqual(found);
});

test("accents need not be typed, and may be", () => {
  expect(score("catalogo", "Catálogo")).toBeGreaterThan(0);
  expect(score("catálogo", "Catalogo")).toBeGreaterThan(0);
});

test("the beginning of a text counts more than the beginning of a word, and that more than its middle", () => {
  expect(best("re", ["sombrero", "un resumen", "resumen"], (text) => text, 9)).toEqual([
    "resumen",
    "un resumen",
    "sombrero",
  ]);
});

test("nothing typed finds everything, as it stands", () => {
  expect(best("  ", TYPES, (type) => type, 2)).toEqual(TYPES.slice(0, 2));
});

test.each([
  ["01a20c03-4041-7742-ab19-86604f28425c", true],
  [" 01A20C03-4041-7742-AB19-86604F28425C ", true],
  ["01a20c03", false],
  ["42", false],
])("%s is the identity of a notification: %s", (typed, is) => {
  expect(isIdentity(typed)).toBe(is);
});
