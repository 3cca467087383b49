import type { EventType, FieldKind } from "../../api/records.ts";

const VALUES: Record<FieldKind, unknown> = {
  id: "42",
  string: "texto",
  integer: 2,
  number: 49.5,
  boolean: true,
  object: {},
  array: [],
  date: "2026-12-24",
};

/** Better ones for names that say what is meant. */
const BY_NAME: Record<string, unknown> = {
  usuario_id: "101",
  reserva_id: "R-1635",
  nombre: "Ana Quispe",
  tour_nombre: "Valle Sagrado",
  servicio_nombre: "Traslado al aeropuerto",
  titulo: "Valle Sagrado",
  motivo: "Mal tiempo",
  email: "ana@example.com",
  rol: "turista",
  pais: "Perú",
  estado: "confirmada",
  idiomas: ["es", "en"],
};

/** A request of this type that the server takes. */
export function exampleOf(kind: EventType): { type: string; data: Record<string, unknown> } {
  const data = Object.fromEntries(Object.entries(kind.data).map(([name, field]) => [name, exampleFor(name, field)]));
  return { type: kind.type, data };
}

function exampleFor(name: string, field: FieldKind): unknown {
  const named = BY_NAME[name];
  const isFit = (field === "string" || field === "id") === (typeof named === "string");
  return named !== undefined && isFit && (field === "array") === Array.isArray(named) ? named : VALUES[field];
}
