import { expect, test } from "vitest";
import type { EventType } from "../src/api/records.ts";
import { grouped } from "../src/sections/catalog/groups.ts";

function kind(type: string): EventType {
  return {
    type,
    title: { es: type, en: type },
    message: { es: "", en: "" },
    description: { es: "", en: "" },
    audience: { roles: [], users: [], topics: [], all: true, except: { users: [] } },
    priority: "normal",
    ttl: null,
    retention_days: null,
    data: {},
  };
}

function shape(...types: string[]): [string, string[]][] {
  return grouped(types.map(kind)).map(({ prefix, types: members }) => [prefix, members.map(({ type }) => type)]);
}

test("types that begin alike are together, the others after them", () => {
  expect(
    shape("test", "tour_creado", "reserva_creada", "tour_eliminado", "reserva_cancelada", "recomendacion_creada"),
  ).toEqual([
    ["tour", ["tour_creado", "tour_eliminado"]],
    ["reserva", ["reserva_creada", "reserva_cancelada"]],
    ["", ["test", "recomendacion_creada"]],
  ]);
});

test("names may be parted by other signs, or not at all", () => {
  expect(shape("order.paid", "order.sent", "order")).toEqual([["order", ["order.paid", "order.sent", "order"]]]);
  expect(shape()).toEqual([]);
});
