import { describe, expect, test } from "vitest";
import type { EventType, NotificationRecord } from "../src/api/records.ts";
import { bodyOf, carriedOver, draftOf, emptyDraft, namesNeeded, withExample } from "../src/sections/send/draft.ts";

const nobody = { roles: [], users: [], topics: [], all: false, except: { users: [] } };
const kind: EventType = {
  type: "reserva_creada",
  title: { es: "Nueva reserva", en: "New booking" },
  message: { es: "Reserva de {tour_nombre} creada", en: "Booking of {tour_nombre} created" },
  description: { es: "", en: "" },
  audience: { ...nobody, roles: ["admin"], users: ["{usuario_id}"] },
  priority: "high",
  ttl: 3600,
  retention_days: null,
  data: {
    usuario_id: "id",
    tour_nombre: "string",
    personas: "integer",
    total: "number",
    pagada: "boolean",
    extras: "array",
    fecha: "date",
  },
};

describe("a draft", () => {
  test("becomes a request with values of the catalogue's kinds", () => {
    const fields = { usuario_id: "42", personas: "2", total: "49.5", pagada: "true", extras: "[1]" };
    const { body, problems } = bodyOf({ ...emptyDraft("reserva_creada"), fields }, kind);

    expect(problems).toEqual({});
    expect(body).toEqual({
      type: "reserva_creada",
      data: { usuario_id: "42", personas: 2, total: 49.5, pagada: true, extras: [1] },
    });
  });

  test("names each field that is of another kind", () => {
    const fields = { personas: "2.5", total: "mucho", extras: "{}", fecha: "2026-02-30" };
    const { problems } = bodyOf(
      { ...emptyDraft("reserva_creada"), fields, extra: "[]", link: "javascript:alert(1)", ttl: "0" },
      kind,
    );

    expect(problems).toEqual({
      "data.personas": "integer",
      "data.total": "number",
      "data.extras": "json",
      "data.fecha": "date",
      data: "object",
      link: "link",
      ttl: "integer",
    });
  });

  test("says how it shows, what can be answered, and when it is delivered; an empty line of an action is none", () => {
    const empty = { id: "", label: "", link: "", value: undefined };
    const actions = [{ ...empty, label: "¡Sí, quiero!" }, { ...empty, id: "map", label: "Mapa", link: "/mapa" }, empty];
    const draft = { ...emptyDraft("test"), group: " viajes ", collapse_key: "recogida", actions };

    expect(bodyOf({ ...draft, due: "in", deliver_in: "2", unit: "days" }, undefined).body).toEqual({
      type: "test",
      data: {},
      group: "viajes",
      collapse_key: "recogida",
      actions: [
        { id: "si-quiero", label: "¡Sí, quiero!" },
        { id: "map", label: "Mapa", link: "/mapa" },
      ],
      deliver_in: 172_800,
    });
    expect(bodyOf({ ...draft, due: "in", deliver_in: "1.5" }, undefined).problems).toEqual({ deliver_in: "integer" });
    expect(bodyOf({ ...draft, due: "at", deliver_at: "mañana" }, undefined).problems).toEqual({ deliver_at: "moment" });
    expect(bodyOf({ ...draft, due: "at", deliver_at: "2026-12-05 9:30" }, undefined).body.deliver_at).toBe(
      new Date(2026, 11, 5, 9, 30).toISOString(),
    );
  });

  test("for everybody names nobody besides", () => {
    const draft = { ...emptyDraft("test"), audience: "custom" as const, all: true, roles: ["admin"], except: ["9"] };

    expect(bodyOf(draft, undefined).body.audience).toEqual({ all: true, except: { users: ["9"] } });
  });

  test("of a published notification says the same again", () => {
    const record: NotificationRecord = {
      id: "1",
      seq: 1,
      cursor: "a-1",
      type: "reserva_creada",
      title: "Reserva",
      message: "Hola",
      data: { usuario_id: "42", personas: 2, otro: { a: 1 } },
      timestamp: "2026-01-01T00:00:00Z",
      priority: "critical",
      link: "/reservas/1",
      actor: null,
      expires_at: null,
      audience: { ...nobody, users: ["42"] },
      source: null,
      publisher: null,
    };

    expect(bodyOf(draftOf(record, kind), kind).body).toEqual({
      type: "reserva_creada",
      title: "Reserva",
      message: "Hola",
      data: { usuario_id: "42", personas: 2, otro: { a: 1 } },
      audience: { users: ["42"] },
      priority: "critical",
      link: "/reservas/1",
    });
    expect(bodyOf(draftOf({ ...record, persist: false }, kind), kind).body.persist).toBe(false);
  });
});

test.each(["2026-12-24", "2026-12-24T10:00:00Z", "2024-02-29"])("%s is a date", (fecha) => {
  const { body, problems } = bodyOf({ ...emptyDraft("reserva_creada"), fields: { fecha } }, kind);
  expect([body.data, problems]).toEqual([{ fecha }, {}]);
});

test.each(["24/12/2026", "2026-13-01", "2026-02-29", "mañana", "2026-12-24T"])("%s is no date", (fecha) => {
  const { problems } = bodyOf({ ...emptyDraft("reserva_creada"), fields: { fecha } }, kind);
  expect(problems).toEqual({ "data.fecha": "date" });
});

test("a whole number that JavaScript cannot hold is none", () => {
  const { problems } = bodyOf({ ...emptyDraft("reserva_creada"), fields: { personas: "12345678901234567890" } }, kind);
  expect(problems).toEqual({ "data.personas": "integer" });
});

describe("a draft of another type", () => {
  const other: EventType = { ...kind, type: "reserva_cancelada", data: { usuario_id: "id", motivo: "string" } };
  const draft = {
    ...emptyDraft("reserva_creada"),
    message: "Hola",
    fields: { usuario_id: "42", personas: "3" },
    audience: "custom" as const,
    users: ["42"],
  };

  test("has the people, the texts and the fields that both have", () => {
    expect(carriedOver(draft, "reserva_cancelada", other, null)).toEqual({
      ...emptyDraft("reserva_cancelada"),
      message: "Hola",
      fields: { usuario_id: "42" },
      audience: "custom",
      users: ["42"],
    });
  });

  test("keeps what was written in it before, where there is nothing newer", () => {
    const kept = { ...emptyDraft("reserva_cancelada"), title: "Ojo", fields: { usuario_id: "7", motivo: "Lluvia" } };
    expect(carriedOver(draft, "reserva_cancelada", other, kept)).toMatchObject({
      title: "Ojo",
      message: "Hola",
      fields: { usuario_id: "42", motivo: "Lluvia" },
    });
  });
});

test("an example fills the empty fields alone", () => {
  const draft = { ...emptyDraft("reserva_creada"), fields: { usuario_id: "42", personas: " " } };
  expect(withExample(draft, { usuario_id: "1", personas: 2, extras: [] }).fields).toEqual({
    usuario_id: "42",
    personas: "2",
    extras: "[]",
  });
});

test("the names that an audience needs are those of its templates", () => {
  expect(namesNeeded(kind)).toEqual(["usuario_id"]);
});
