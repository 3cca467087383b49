/** The backend, as its routes answer. */
export interface Account {
  usuario_id: string;
  nombre: string;
  rol: "turista" | "admin";
  /** Where the notification server is. */
  avisos: string;
}

export interface DemoAccount {
  nombre: string;
  email: string;
  clave: string;
  rol: string;
}

export interface Tour {
  tour_id: string;
  nombre: string;
  lugar: string;
  duracion: string;
  /** Soles a person. */
  precio: number;
  cupos: number;
  valoracion: number;
  paisaje: string;
}

export interface Booking {
  reserva_id: string;
  usuario_id: string;
  usuario_nombre: string;
  tour_id: string;
  tour_nombre: string;
  fecha: string;
  personas: number;
  total: number;
  estado: "pendiente" | "confirmada" | "cancelada";
}

/** The backend said no; the message is for whoever uses the page. */
export class Refused extends Error {
  override readonly name = "Refused";
  constructor(
    readonly status: number,
    detail: string,
  ) {
    super(detail);
  }
}

const NO_ANSWER = "El sistema no responde. Inténtalo de nuevo en un momento.";

/** What is wrong, in the backend's words, or by the fields that FastAPI names where a body is not what a route takes. */
function problem(answer: unknown): string {
  const { detail } = (answer ?? {}) as { detail?: string | { loc: readonly string[] }[] };
  if (typeof detail === "string") return detail;
  return Array.isArray(detail) ? `Revisa: ${detail.map(({ loc }) => loc.at(-1)).join(", ")}.` : NO_ANSWER;
}

/** What a route answers; `Refused` for anything but success. */
export async function ask<Answer>(method: string, path: string, body?: object): Promise<Answer> {
  const headers = { "Content-Type": "application/json" };
  const response = await fetch(`/api${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) }).catch(
    () => {
      throw new Refused(0, NO_ANSWER);
    },
  );
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok) return answer as Answer;
  throw new Refused(response.status, problem(answer));
}

/** A token for the notification server; nobody is signed in any more: none. */
export async function getToken(): Promise<string | null> {
  try {
    return (await ask<{ token: string }>("GET", "/avisos/token")).token;
  } catch (error) {
    if (error instanceof Refused && error.status === 401) return null;
    throw error;
  }
}
