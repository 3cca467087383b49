import { describe, expect, test } from "vitest";
import type { EventType, NotificationRecord } from "../src/api/records.ts";
import { bodyOf, draftOf, emptyDraft, filled, namesNeeded } from "../src/sections/send/draft.ts";

const nobody = { roles: [], users: [], topics: [], all: false, except: { users: [] } };
const kind: EventType = {
  type: "reserva_creada",
  title: { es: "Nueva reserva", en: "New booking" },
  message: { es: "Reserva de {tour_nombre} creada", en: "Booking of {tour_nombre} created" },
  description: { es: "", en: "" },
  audience: { ...nobody, roles: ["admin"], users: ["{usuario_id}"] },
  priority: "high",
  ttl: 3600,
  data: {
    usuario_id: "id",
    tour_nombre: "string",
    personas: "integer",
    total: "number",
    pagada: "boolean",
    extras: "array",
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
    const fields = { personas: "2.5", total: "mucho", extras: "{}" };
    const { problems } = bodyOf(
      { ...emptyDraft("reserva_creada"), fields, extra: "[]", link: "javascript:alert(1)", ttl: "0" },
      kind,
    );

    expect(problems).toEqual({
      personas: "integer",
      total: "number",
      extras: "json",
      extra: "object",
      link: "link",
      ttl: "integer",
    });
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

test("a template keeps what it has no value for", () => {
  expect(filled("Reserva de {tour_nombre} para {nombre}", { tour_nombre: "Colca" })).toBe(
    "Reserva de Colca para {nombre}",
  );
});

test("the names that an audience needs are those of its templates", () => {
  expect(namesNeeded(kind)).toEqual(["usuario_id"]);
});
