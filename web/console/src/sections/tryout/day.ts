import type { EventType, PublishBody } from "../../api/records.ts";
import type { Cast } from "./cast.ts";
import { forGuests } from "./bookings.ts";

/** Milliseconds between two things that happen: the day is over in about half a minute. */
export const PACE = 3_300;

interface Scene {
  /** On the clock of the story. */
  at: string;
  type: string;
  data: (cast: Cast, code: string) => Record<string, unknown>;
}

const ANA = { nombre: "Ana Quispe", email: "ana@example.com", rol: "turista" };
const JUAN = { nombre: "Juan Pérez", email: "juan@example.com", rol: "turista" };

/** The day that `sio-server demo` plays, with Ana in it. */
export const DAY: readonly Scene[] = [
  { at: "07:50", type: "usuario_registrado", data: () => ({ usuario_id: "guest", ...JUAN }) },
  { at: "08:15", type: "usuario_inicio_sesion", data: ({ phone }) => ({ usuario_id: phone, ...ANA }) },
  {
    at: "09:00",
    type: "destino_creado",
    data: () => ({ destino_id: "d-7", nombre: "Laguna 69", pais: "Perú" }),
  },
  {
    at: "09:20",
    type: "tour_creado",
    data: () => ({ tour_id: "t-31", nombre: "Vuelta a la laguna", destino_id: "d-7", precio: 145, cupos: 12 }),
  },
  {
    at: "10:40",
    type: "recomendacion_creada",
    data: ({ phone }) => ({
      recomendacion_id: "r-9",
      usuario_id: phone,
      titulo: "Vuelta a la laguna",
      tour_id: "t-31",
    }),
  },
  {
    at: "11:05",
    type: "reserva_creada",
    data: ({ phone }, code) => ({
      reserva_id: code,
      usuario_id: phone,
      tour_id: "t-31",
      tour_nombre: "Vuelta a la laguna",
      personas: 2,
      total: 290,
    }),
  },
  {
    at: "12:30",
    type: "servicio_contratado",
    data: ({ phone }) => ({
      contrato_id: "c-3",
      servicio_id: "s-2",
      servicio_nombre: "Traslado al hotel",
      usuario_id: phone,
    }),
  },
  {
    at: "15:10",
    type: "guia_creado",
    data: () => ({ guia_id: "g-4", nombre: "Elena Ruiz", idiomas: ["es", "en"] }),
  },
  {
    at: "18:45",
    type: "reserva_cancelada",
    data: ({ phone }, code) => ({
      reserva_id: code,
      usuario_id: phone,
      tour_id: "t-31",
      tour_nombre: "Vuelta a la laguna",
      motivo: "Mal tiempo",
    }),
  },
];

/** Who of the two gets it: as the catalogue has it for an administrator and for this tourist. */
export function whomOf(
  kind: Pick<EventType, "audience"> | undefined,
  data: Readonly<Record<string, unknown>>,
  cast: Cast,
): string[] {
  if (kind === undefined) return [cast.desk, cast.phone];
  const { all, roles, users } = kind.audience;
  const named = users.map((user) =>
    user.replace(/\{(\w+)\}/gu, (_, field: string) => {
      const value = data[field];
      return typeof value === "string" ? value : "";
    }),
  );
  const isForPhone = all || roles.includes("turista") || named.includes(cast.phone);
  const isForDesk = all || roles.includes("admin") || named.includes(cast.desk);
  return [...(isForDesk ? [cast.desk] : []), ...(isForPhone ? [cast.phone] : [])];
}

/** One thing of the day, for whom it concerns; null where that is neither of the two. */
export function sceneBody(scene: Scene, code: string, cast: Cast, types: readonly EventType[]): PublishBody | null {
  const data = scene.data(cast, code);
  const whom = whomOf(
    types.find(({ type }) => type === scene.type),
    data,
    cast,
  );
  return whom.length === 0 ? null : forGuests(whom, { type: scene.type, data });
}
