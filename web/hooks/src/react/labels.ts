/** The texts of the components. Override any of them with the provider's `labels`. */
export interface Labels {
  notifications: string;
  /** The bell's name: what it is and how much is in it. */
  bell: (count: number) => string;
  all: string;
  unread: string;
  archived: string;
  /** Said of an item, to those who do not see the dot. */
  isUnread: string;
  markRead: string;
  markUnread: string;
  markAllRead: string;
  archive: string;
  unarchive: string;
  more: string;
  loading: string;
  emptyAll: string;
  emptyUnread: string;
  emptyArchived: string;
  failed: string;
  retry: string;
  fresh: (count: number) => string;
  today: string;
  yesterday: string;
  open: string;
  close: string;
  offline: string;
  reconnecting: string;
  inSeconds: (seconds: number) => string;
  unauthorized: string;
}

export const es: Labels = {
  notifications: "Notificaciones",
  bell: (count) => (count ? `Notificaciones, ${count} sin leer` : "Notificaciones"),
  all: "Todas",
  unread: "Sin leer",
  archived: "Archivadas",
  isUnread: "Sin leer",
  markRead: "Marcar como leída",
  markUnread: "Marcar como no leída",
  markAllRead: "Marcar todas como leídas",
  archive: "Archivar",
  unarchive: "Sacar del archivo",
  more: "Ver más",
  loading: "Cargando…",
  emptyAll: "No tienes notificaciones",
  emptyUnread: "No te queda nada por leer",
  emptyArchived: "No has archivado nada",
  failed: "No se han podido cargar las notificaciones",
  retry: "Reintentar",
  fresh: (count) => (count === 1 ? "1 nueva" : `${count} nuevas`),
  today: "Hoy",
  yesterday: "Ayer",
  open: "Ver",
  close: "Cerrar",
  offline: "Sin conexión a Internet",
  reconnecting: "Se ha perdido la conexión. Reconectando…",
  inSeconds: (seconds) => `(${seconds} s)`,
  unauthorized: "La sesión ha caducado o no tiene permiso",
};

export const en: Labels = {
  notifications: "Notifications",
  bell: (count) => (count ? `Notifications, ${count} unread` : "Notifications"),
  all: "All",
  unread: "Unread",
  archived: "Archived",
  isUnread: "Unread",
  markRead: "Mark as read",
  markUnread: "Mark as unread",
  markAllRead: "Mark all as read",
  archive: "Archive",
  unarchive: "Move out of the archive",
  more: "Show more",
  loading: "Loading…",
  emptyAll: "You have no notifications",
  emptyUnread: "Nothing left to read",
  emptyArchived: "You have archived nothing",
  failed: "The notifications could not be loaded",
  retry: "Try again",
  fresh: (count) => `${count} new`,
  today: "Today",
  yesterday: "Yesterday",
  open: "View",
  close: "Close",
  offline: "No Internet connection",
  reconnecting: "The connection was lost. Reconnecting…",
  inSeconds: (seconds) => `(${seconds} s)`,
  unauthorized: "The session has ended, or it may not do this",
};

export const labelsOf = (locale: string): Labels => (locale.toLowerCase().startsWith("en") ? en : es);
