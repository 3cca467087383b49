// Why there is no connection, for the people who use the application: what is wrong, and whether they can do something.

const SPANISH: Record<string, string> = {
  network: "No se puede contactar con el servidor. Comprueba tu conexión a Internet.",
  timeout: "El servidor tarda demasiado en responder.",
  blocked:
    "Algo bloquea la conexión en directo: quizá un bloqueador de anuncios o la red. Lo nuevo llegará con retraso.",
  origin_not_allowed: "Este sitio no tiene permiso para recibir notificaciones.",
  invalid_url: "La dirección del servidor de notificaciones no es válida.",
  signed_out: "Has cerrado la sesión.",
  token_failed: "No se ha podido comprobar tu sesión. Lo intentaremos de nuevo.",
  invalid_token: "Tu sesión no es válida. Vuelve a iniciarla.",
  token_expired: "Tu sesión ha caducado. Vuelve a iniciarla.",
  token_revoked: "Se ha cerrado tu sesión. Vuelve a iniciarla.",
  forbidden: "No tienes permiso para recibir estas notificaciones.",
  rate_limited: "Hay demasiadas conexiones. Lo intentaremos de nuevo en un momento.",
  draining: "El servidor se está reiniciando. Volverá en un momento.",
  slow: "Tu conexión es demasiado lenta. Volviendo a conectar.",
  closed_by_operator: "Se ha cerrado la conexión. Volviendo a conectar.",
  internal: "El servidor tiene un problema. Lo intentaremos de nuevo.",
};

const ENGLISH: Record<string, string> = {
  network: "The server can’t be reached. Check your Internet connection.",
  timeout: "The server is taking too long to answer.",
  blocked: "Something is blocking live updates, perhaps an ad blocker or your network. News will arrive late.",
  origin_not_allowed: "This site isn’t allowed to receive notifications.",
  invalid_url: "The address of the notification server isn’t valid.",
  signed_out: "You’re signed out.",
  token_failed: "Your session couldn’t be checked. We’ll try again.",
  invalid_token: "Your session isn’t valid. Sign in again.",
  token_expired: "Your session has expired. Sign in again.",
  token_revoked: "Your session was ended. Sign in again.",
  forbidden: "You don’t have permission to receive these notifications.",
  rate_limited: "Too many connections right now. We’ll try again in a moment.",
  draining: "The server is restarting. It will be back in a moment.",
  slow: "Your connection is too slow. Reconnecting.",
  closed_by_operator: "The connection was closed. Reconnecting.",
  internal: "The server has a problem. We’ll try again.",
};

/** Those that are the same to whoever reads it. */
const ALIKE: Record<string, string> = {
  token_timeout: "token_failed",
  token_malformed: "token_failed",
  unauthorized: "invalid_token",
  host_not_allowed: "origin_not_allowed",
  proxy_not_allowed: "origin_not_allowed",
  broker_unavailable: "internal",
  keys_unavailable: "internal",
  unavailable: "internal",
};

/** A sentence for a code of `lastError`, in Spanish or, for every other language, in English. */
export function reasonOf(code: string, locale: string): string {
  const texts = locale.startsWith("es") ? SPANISH : ENGLISH;
  return texts[ALIKE[code] ?? code] ?? texts.internal ?? code;
}
