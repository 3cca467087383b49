export type Scenery = "citadel" | "canyon" | "lake" | "desert" | "jungle" | "islands";

export interface Tour {
  id: string;
  name: string;
  place: string;
  days: string;
  /** Soles a person. */
  price: number;
  rating: string;
  scenery: Scenery;
}

export const TOURS: readonly Tour[] = [
  {
    id: "machu-picchu",
    name: "Machu Picchu al amanecer",
    place: "Cusco",
    days: "2 días",
    price: 890,
    rating: "4,9",
    scenery: "citadel",
  },
  {
    id: "colca",
    name: "Cañón del Colca y sus cóndores",
    place: "Arequipa",
    days: "2 días",
    price: 420,
    rating: "4,8",
    scenery: "canyon",
  },
  {
    id: "titicaca",
    name: "Islas flotantes del Titicaca",
    place: "Puno",
    days: "1 día",
    price: 165,
    rating: "4,7",
    scenery: "lake",
  },
  {
    id: "huacachina",
    name: "Dunas y oasis de Huacachina",
    place: "Ica",
    days: "1 día",
    price: 230,
    rating: "4,8",
    scenery: "desert",
  },
  {
    id: "tambopata",
    name: "Selva de Tambopata",
    place: "Madre de Dios",
    days: "3 días",
    price: 980,
    rating: "4,9",
    scenery: "jungle",
  },
  {
    id: "ballestas",
    name: "Islas Ballestas",
    place: "Paracas",
    days: "Media jornada",
    price: 120,
    rating: "4,6",
    scenery: "islands",
  },
];

const SOLES = new Intl.NumberFormat("es-PE", { style: "currency", currency: "PEN", maximumFractionDigits: 0 });
export const soles = (amount: number): string => SOLES.format(amount);

const DAY = new Intl.DateTimeFormat("es-PE", { weekday: "short", day: "numeric", month: "long", timeZone: "UTC" });
/** "2026-12-05" as people write it. */
export const dayOf = (date: string): string => {
  const day = new Date(date);
  return Number.isNaN(day.getTime()) ? date : DAY.format(day);
};
