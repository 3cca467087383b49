import type { Language } from "../i18n/index.ts";

export interface Tour {
  id: string;
  name: string;
  place: string;
  nights: number;
  /** Soles a person. */
  price: number;
}

/** What the agency of the try-out sells. The first is the one on Ana's screen. */
export const TOURS = [
  { id: "colca", name: "Cañón del Colca", place: "Arequipa", nights: 1, price: 420 },
  { id: "titicaca", name: "Islas del Titicaca", place: "Puno", nights: 0, price: 165 },
  { id: "machu-picchu", name: "Machu Picchu al amanecer", place: "Cusco", nights: 1, price: 890 },
  { id: "huacachina", name: "Oasis de Huacachina", place: "Ica", nights: 0, price: 230 },
  { id: "tambopata", name: "Selva de Tambopata", place: "Madre de Dios", nights: 2, price: 980 },
  { id: "ballestas", name: "Islas Ballestas", place: "Paracas", nights: 0, price: 120 },
] as const satisfies readonly Tour[];

export const FEATURED = TOURS[0];

const SOLES = new Intl.NumberFormat("es-PE", { style: "currency", currency: "PEN", maximumFractionDigits: 0 });

/** "S/ 1,960", as it is written in Peru, in either language. */
export function soles(amount: number): string {
  return SOLES.format(amount);
}

/** "2026-12-05" as people write it. */
export function dayOf(date: string, language: Language): string {
  const day = new Date(`${date}T12:00:00Z`);
  if (Number.isNaN(day.getTime())) return date;
  return new Intl.DateTimeFormat(language, { day: "numeric", month: "short", timeZone: "UTC" }).format(day);
}
