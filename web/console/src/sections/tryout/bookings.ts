import type { EventType, PublishBody } from "../../api/records.ts";
import type { Language } from "../../i18n/index.ts";
import { textIn } from "../../i18n/texts.ts";
import { TOURS, type Tour } from "../../guest/tours.ts";
import type { Cast } from "./cast.ts";

/** Seconds after which what was tried is nobody's business any more. */
const KEPT = 3_600;

const DAY_MS = 86_400_000;

/** For the guests alone, however the catalogue would have it: nobody real gets anything of it. */
export function forGuests(users: readonly string[], body: Pick<PublishBody, "type" | "data" | "actor">): PublishBody {
  return { ...body, audience: { users: [...users] }, ttl: KEPT };
}

/** Fills the blanks of a text of the catalogue: `{tour_nombre}`. */
function filled(text: string, data: Readonly<Record<string, unknown>>): string {
  return text.replace(/\{(\w+)\}/gu, (blank, name: string) => {
    const value = data[name];
    return typeof value === "string" || typeof value === "number" ? String(value) : blank;
  });
}

/** With the catalogue's texts in the language of whoever looks on: left to itself, the server has one for all. */
export function inWords(body: PublishBody, types: readonly EventType[], language: Language): PublishBody {
  const kind = types.find(({ type }) => type === body.type);
  if (kind === undefined) return body;
  return {
    ...body,
    title: textIn(kind.title, language),
    message: filled(textIn(kind.message, language), body.data ?? {}),
  };
}

/** A code like those on tickets; no two of one tab are the same. */
let last = Math.floor(Math.random() * 9_000);

export function nextCode(): string {
  last = (last + 1) % 10_000;
  return `AN-${String(last).padStart(4, "0")}`;
}

/** A booking of Ana's, which Marta is told of and Ana gets confirmed. */
export function booking({ desk, phone }: Cast, tour: Tour, now = Date.now()): PublishBody {
  const people = 2;
  return forGuests([desk, phone], {
    type: "reserva_creada",
    data: {
      reserva_id: nextCode(),
      usuario_id: phone,
      tour_id: tour.id,
      tour_nombre: tour.name,
      fecha: new Date(now + 14 * DAY_MS).toISOString().slice(0, 10),
      personas: people,
      total: people * tour.price,
    },
    actor: { id: phone, name: "Ana Quispe" },
  });
}

export const MORE = 5;

/** Five more, each to somewhere else. */
export function fiveMore(cast: Cast): PublishBody[] {
  return TOURS.slice(1, 1 + MORE).map((tour) => booking(cast, tour));
}
