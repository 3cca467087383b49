/** Notifications of a tour agency, in two languages, at times that count back from now. */
import type { AnyItem } from "../src/core/types.ts";

export type Language = "es" | "en";

type Texts = Record<Language, string>;

interface Sample {
  type: string;
  title?: Texts;
  message: Texts;
  /** Minutes ago. */
  ago: number;
  priority?: AnyItem["priority"];
  read?: boolean;
  archived?: boolean;
  link?: string;
  actor?: string;
}

const HOUR = 60;
const DAY = 24 * HOUR;

const SAMPLES: readonly Sample[] = [
  {
    type: "reserva_cancelada",
    title: { es: "Reserva cancelada", en: "Booking cancelled" },
    message: {
      es: "Tu salida al Cañón del Colca del sábado se cancela por el mal tiempo. Te devolvemos el importe completo.",
      en: "Saturday’s trip to Colca Canyon is cancelled because of the weather. You will get a full refund.",
    },
    ago: 2,
    priority: "critical",
    link: "/reservas/R-1042",
    actor: "Andina Viajes",
  },
  {
    type: "reserva_creada",
    title: { es: "Nueva reserva", en: "New booking" },
    message: {
      es: "Machu Picchu al amanecer, 2 personas, 5 de diciembre",
      en: "Machu Picchu at dawn, 2 people, 5 December",
    },
    ago: 14,
    priority: "high",
    link: "/reservas/R-1041",
    actor: "Ana Quispe",
  },
  {
    type: "recomendacion_creada",
    title: { es: "Nueva recomendación", en: "New recommendation" },
    message: { es: "Te recomendamos Islas Ballestas", en: "We recommend the Ballestas Islands" },
    ago: 48,
    link: "/destinos/ballestas",
  },
  {
    type: "tour_creado",
    title: { es: "Nuevo tour", en: "New tour" },
    message: { es: "Laguna 69 con guía local, desde S/ 180", en: "Laguna 69 with a local guide, from S/ 180" },
    ago: 3 * HOUR,
    read: true,
    link: "/tours/laguna-69",
  },
  {
    type: "servicio_contratado",
    title: { es: "Servicio contratado", en: "Service booked" },
    message: { es: "Traslado al aeropuerto de Cusco, viernes 6:30", en: "Transfer to Cusco airport, Friday 6:30" },
    ago: 5 * HOUR,
    read: true,
    actor: "Jorge Salas",
  },
  {
    type: "guia_actualizado",
    title: { es: "Tu guía ha cambiado", en: "Your guide has changed" },
    message: {
      es: "Os acompañará Camila Rojas, que habla quechua e inglés.",
      en: "Camila Rojas, who speaks Quechua and English, will be with you.",
    },
    ago: DAY + 2 * HOUR,
    link: "/guias/camila",
  },
  {
    type: "destino_creado",
    title: { es: "Nuevo destino", en: "New destination" },
    message: { es: "Kuélap, la fortaleza de las nubes", en: "Kuélap, the fortress in the clouds" },
    ago: DAY + 4 * HOUR,
    read: true,
  },
  {
    type: "usuario_registrado",
    title: { es: "Nuevo usuario", en: "New user" },
    message: { es: "María Torres se ha registrado", en: "María Torres has signed up" },
    ago: 3 * DAY,
    read: true,
    priority: "low",
  },
  {
    type: "reserva_actualizada",
    title: { es: "Reserva actualizada", en: "Booking updated" },
    message: { es: "Valle Sagrado: la salida pasa a las 7:15", en: "Sacred Valley: departure moved to 7:15" },
    ago: 9 * DAY,
    read: true,
    archived: true,
  },
];

let number = 1_000;

function itemOf(sample: Sample, language: Language, now = Date.now()): AnyItem {
  const seq = --number;
  return {
    id: `n-${seq}`,
    seq,
    cursor: String(seq),
    type: sample.type,
    title: sample.title?.[language] ?? null,
    message: sample.message[language],
    data: {},
    timestamp: new Date(now - sample.ago * 60_000).toISOString(),
    priority: sample.priority ?? "normal",
    link: sample.link ?? null,
    actor: sample.actor === undefined ? null : { id: sample.actor, name: sample.actor },
    expires_at: null,
    replayed: false,
    seen: sample.read === true,
    read: sample.read === true,
    archived: sample.archived === true,
  };
}

export const samples = (language: Language): AnyItem[] => SAMPLES.map((sample) => itemOf(sample, language));

const NAMES = ["Ana Quispe", "María Torres", "Jorge Salas", "Camila Rojas", "Diego Paredes"];
const TOURS = ["Cañón del Colca", "Machu Picchu", "Valle Sagrado", "Islas Ballestas", "Laguna 69"];

/** Bookings in a row, and what came before them. */
export function repeated(language: Language): AnyItem[] {
  const bookings = NAMES.map((name, at) => {
    const message = { es: `${name} ha reservado ${TOURS[at]}`, en: `${name} has booked ${TOURS[at]}` };
    const title = { es: "Nueva reserva", en: "New booking" };
    return itemOf({ type: "reserva_creada", title, message, ago: 3 + 7 * at, actor: name }, language);
  });
  return [...bookings, ...samples(language).slice(2)];
}

/** What may become of notifications: mended, asked something, answered, with a picture, and of a group. */
export function lively(language: Language): AnyItem[] {
  const of = (sample: Sample, extras: Partial<AnyItem>): AnyItem => ({ ...itemOf(sample, language), ...extras });
  const now = Date.now();
  const [accept, decline] = language === "es" ? ["Aceptar", "Rechazar"] : ["Accept", "Decline"];
  const map = language === "es" ? "Ver el mapa" : "See the map";
  const asks = [
    { id: "accept", label: accept },
    { id: "decline", label: decline },
  ];
  const offer = of(
    {
      type: "servicio_contratado",
      title: { es: "¿Cambiamos la hora de recogida?", en: "Shall we move your pick-up?" },
      message: {
        es: "El conductor puede pasar a las 6:00 en lugar de a las 6:30.",
        en: "The driver can come at 6:00 instead of 6:30.",
      },
      ago: 1,
      priority: "high",
    },
    { actions: [...asks, { id: "map", label: map, link: "/mapa" }], category: "traslado" },
  );
  const answered = of(
    {
      type: "reserva_actualizada",
      title: { es: "Plaza libre en Laguna 69", en: "A place on Laguna 69" },
      message: { es: "Ha quedado una plaza para el sábado.", en: "One place is left for Saturday." },
      ago: 6,
      read: true,
    },
    { actions: asks, answered: { action: "accept", at: new Date(now).toISOString() } },
  );
  const mended = of(
    {
      type: "tour_actualizado",
      title: { es: "Precio de Valle Sagrado", en: "Price of Sacred Valley" },
      message: { es: "La salida del viernes cuesta S/ 240.", en: "Friday’s trip costs S/ 240." },
      ago: 12,
      link: "/tours/valle",
      actor: "Andina Viajes",
    },
    { revision: 2, updated_at: new Date(now - 60_000).toISOString() },
  );
  const pictured = of(
    {
      type: "recomendacion_creada",
      title: { es: "Te gustará Kuélap", en: "You will like Kuélap" },
      message: { es: "La fortaleza de las nubes, a 3.000 m.", en: "The fortress in the clouds, at 3,000 m." },
      ago: 30,
      link: "/destinos/kuelap",
    },
    { image: "https://fotos.example/kuelap.jpg", icon: "pin" },
  );
  const bookings = NAMES.map((name, at) => {
    const message = { es: `${name} ha reservado ${TOURS[at]}`, en: `${name} has booked ${TOURS[at]}` };
    const title = { es: "Nueva reserva", en: "New booking" };
    return of({ type: "reserva_creada", title, message, ago: 40 + at, actor: name }, { group: "reservas" });
  });
  return [offer, answered, mended, pictured, ...bookings, ...samples(language).slice(2)];
}

/** A pick-up that is told three times, each in the place of the one before, and a price that should never have gone out. */
export function pickUps(language: Language): { first: AnyItem; later: AnyItem[]; wrong: AnyItem } {
  const times = ["5:30", "6:00", "6:15"].map((time, at) =>
    itemOf(
      {
        type: "reserva_actualizada",
        title: { es: "Tu recogida de mañana", en: "Tomorrow’s pick-up" },
        message: { es: `Pasamos a buscarte a las ${time}.`, en: `We pick you up at ${time}.` },
        ago: 9 - 4 * at,
        link: "/reservas/R-1041",
      },
      language,
    ),
  );
  const [first, ...rest] = times as [AnyItem, ...AnyItem[]];
  const later = rest.map((item, at) => ({ ...item, replaces: times[at]?.id ?? first.id, thread: first.id }));
  const wrong = itemOf(
    {
      type: "tour_actualizado",
      title: { es: "Laguna 69, ahora S/ 18", en: "Laguna 69, now S/ 18" },
      message: { es: "Solo hasta el viernes.", en: "Until Friday only." },
      ago: 4,
      priority: "high",
    },
    language,
  );
  return { first, later, wrong };
}

/** Enough for several pages. */
export function many(language: Language): AnyItem[] {
  return Array.from({ length: 120 }, (_, at) => {
    const message = { es: `Plaza ${at + 1} reservada en Valle Sagrado`, en: `Seat ${at + 1} booked, Sacred Valley` };
    return itemOf({ type: "reserva_creada", message, ago: at * 20, read: at > 4 }, language);
  });
}

const PARAGRAPH = {
  es: "La salida es a las 5:30 desde la Plaza de Armas. Lleva abrigo, agua y el pasaporte con el que reservaste: sin él no se entra al santuario. Si llueve, el tren sale igual y el guía decide allí si se sube a la montaña.",
  en: "We leave at 5:30 from the Plaza de Armas. Bring warm clothes, water and the passport you booked with: there is no entry without it. If it rains, the train still runs and your guide decides there whether to climb.",
};

/** Texts that are hard on a layout. */
export function difficult(language: Language): AnyItem[] {
  const of = (sample: Sample): AnyItem => itemOf(sample, language);
  const text = PARAGRAPH[language];
  return [
    of({
      type: "reserva_actualizada",
      title: { es: "Todo lo que tienes que saber antes de salir", en: "All you need to know before you leave" },
      message: { es: `${text}\n\n${text}`, en: `${text}\n\n${text}` },
      ago: 4,
      link: "/reservas/1",
    }),
    of({
      type: "tour_actualizado",
      title: { es: "Itinerario", en: "Itinerary" },
      message: {
        es: "Día 1: Cusco\nDía 2: Ollantaytambo\nDía 3: Machu Picchu",
        en: "Day 1: Cusco\nDay 2: Ollantaytambo\nDay 3: Machu Picchu",
      },
      ago: 30,
      read: true,
    }),
    of({
      type: "test",
      message: { es: "A".repeat(5_000), en: "A".repeat(5_000) },
      ago: 50,
    }),
    of({
      type: "recomendacion_creada",
      title: { es: "مرحبًا بك في ليما!", en: "مرحبًا بك في ليما!" },
      message: {
        es: "رحلتك تبدأ غدًا في الساعة 9:30 (Plaza de Armas).",
        en: "رحلتك تبدأ غدًا في الساعة 9:30 (Plaza de Armas).",
      },
      ago: 80,
    }),
    of({
      type: "guia_creado",
      title: { es: "<b>No soy negrita</b>", en: "<b>I am not bold</b>" },
      message: { es: "<img src=x onerror=alert(1)> 👩‍👩‍👧‍👧🇵🇪", en: "<img src=x onerror=alert(1)> 👩‍👩‍👧‍👧🇵🇪" },
      ago: 100,
      read: true,
    }),
  ];
}
