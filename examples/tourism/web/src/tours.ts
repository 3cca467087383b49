export type Scenery = "citadel" | "canyon" | "lake" | "desert" | "jungle" | "islands";

const SOLES = new Intl.NumberFormat("es-PE", { style: "currency", currency: "PEN", maximumFractionDigits: 0 });
export const soles = (amount: number): string => SOLES.format(amount);

const RATING = new Intl.NumberFormat("es", { minimumFractionDigits: 1 });
export const ratingOf = (rating: number): string => RATING.format(rating);

const DAY = new Intl.DateTimeFormat("es-PE", { weekday: "short", day: "numeric", month: "long", timeZone: "UTC" });
/** "2026-12-05" as people write it. */
export const dayOf = (date: string): string => {
  const day = new Date(date);
  return Number.isNaN(day.getTime()) ? date : DAY.format(day);
};
