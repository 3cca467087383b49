// The event types of sio-server, written by `sio-server catalog export --format ts`.
// Change the catalogue, not this file.

export type Priority = "low" | "normal" | "high" | "critical";

/** Who caused what a notification tells of. */
export interface Actor {
  id: string;
  name?: string;
}

/** Something that the reader of a notification can do about it. */
export interface Action {
  id: string;
  /** In the reader's language. */
  label: string;
  /** Where it leads, where it is a link. */
  link?: string;
  /** What the publisher put there. */
  value?: unknown;
}

/** What every notification is made of. Dates are in ISO 8601, UTC. */
export interface Envelope<Type extends string, Data> {
  id: string;
  /** Its place in the log: grows by one, and is the only order. */
  seq: number;
  /** The same place for the server to resume at; opaque. */
  cursor: string;
  type: Type;
  title: string | null;
  message: string;
  data: Data;
  timestamp: string;
  priority: Priority;
  link: string | null;
  actor: Actor | null;
  expires_at: string | null;
  /** The trace that it belongs to (W3C Trace Context), where the publisher named one. */
  traceparent?: string;
  /** The newest of this key and the same audience takes the place of the one before. */
  collapse_key?: string;
  /** What an inbox puts together under one heading. */
  group?: string;
  /** What its reader can do about it, at most four. */
  actions?: Action[];
  /** The https address of a picture. */
  image?: string;
  /** The name of an icon, or the https address of one. */
  icon?: string;
  /** What kind of notification it is to its reader. */
  category?: string;
  /** Only on what is not kept in the log: it is in no inbox, and `seq` is the place of the last one that is kept. */
  persist?: false;
  /** Whether it was sent before and comes again from the log. */
  replayed: boolean;
}

export interface TestData {
  [field: string]: unknown;
}

/** Shows that notifications arrive. */
export type TestEvent = Envelope<"test", TestData>;

export interface UsuarioRegistradoData {
  usuario_id?: string | number | null;
  nombre?: string | null;
  email?: string | null;
  rol?: string | null;
  [field: string]: unknown;
}

/** Somebody has created an account. */
export type UsuarioRegistradoEvent = Envelope<"usuario_registrado", UsuarioRegistradoData>;

export interface UsuarioInicioSesionData {
  usuario_id?: string | number | null;
  nombre?: string | null;
  email?: string | null;
  rol?: string | null;
  [field: string]: unknown;
}

/** A user has logged in. */
export type UsuarioInicioSesionEvent = Envelope<"usuario_inicio_sesion", UsuarioInicioSesionData>;

export interface ReservaCreadaData {
  reserva_id?: string | number | null;
  usuario_id?: string | number | null;
  tour_id?: string | number | null;
  tour_nombre?: string | null;
  fecha?: string | null;
  personas?: number | null;
  total?: number | null;
  [field: string]: unknown;
}

/** A tourist has booked a tour. */
export type ReservaCreadaEvent = Envelope<"reserva_creada", ReservaCreadaData>;

export interface ReservaActualizadaData {
  reserva_id?: string | number | null;
  usuario_id?: string | number | null;
  tour_id?: string | number | null;
  tour_nombre?: string | null;
  fecha?: string | null;
  personas?: number | null;
  total?: number | null;
  estado?: string | null;
  [field: string]: unknown;
}

/** A booking has changed. */
export type ReservaActualizadaEvent = Envelope<"reserva_actualizada", ReservaActualizadaData>;

export interface ReservaCanceladaData {
  reserva_id?: string | number | null;
  usuario_id?: string | number | null;
  tour_id?: string | number | null;
  tour_nombre?: string | null;
  motivo?: string | null;
  [field: string]: unknown;
}

/** A booking has been cancelled. */
export type ReservaCanceladaEvent = Envelope<"reserva_cancelada", ReservaCanceladaData>;

export interface ServicioContratadoData {
  contrato_id?: string | number | null;
  servicio_id?: string | number | null;
  servicio_nombre?: string | null;
  usuario_id?: string | number | null;
  fecha?: string | null;
  total?: number | null;
  [field: string]: unknown;
}

/** A tourist has hired a service. */
export type ServicioContratadoEvent = Envelope<"servicio_contratado", ServicioContratadoData>;

export interface RecomendacionCreadaData {
  recomendacion_id?: string | number | null;
  usuario_id?: string | number | null;
  titulo?: string | null;
  destino_id?: string | number | null;
  tour_id?: string | number | null;
  puntuacion?: number | null;
  [field: string]: unknown;
}

/** There is a recommendation for a tourist. */
export type RecomendacionCreadaEvent = Envelope<"recomendacion_creada", RecomendacionCreadaData>;

export interface TourCreadoData {
  tour_id?: string | number | null;
  nombre?: string | null;
  destino_id?: string | number | null;
  guia_id?: string | number | null;
  precio?: number | null;
  cupos?: number | null;
  fecha?: string | null;
  [field: string]: unknown;
}

/** A tour has been published. */
export type TourCreadoEvent = Envelope<"tour_creado", TourCreadoData>;

export interface TourActualizadoData {
  tour_id?: string | number | null;
  nombre?: string | null;
  destino_id?: string | number | null;
  guia_id?: string | number | null;
  precio?: number | null;
  cupos?: number | null;
  fecha?: string | null;
  [field: string]: unknown;
}

/** The details of a tour have changed. */
export type TourActualizadoEvent = Envelope<"tour_actualizado", TourActualizadoData>;

export interface TourEliminadoData {
  tour_id?: string | number | null;
  nombre?: string | null;
  [field: string]: unknown;
}

/** A tour has been withdrawn. */
export type TourEliminadoEvent = Envelope<"tour_eliminado", TourEliminadoData>;

export interface ServicioCreadoData {
  servicio_id?: string | number | null;
  nombre?: string | null;
  precio?: number | null;
  [field: string]: unknown;
}

/** One more service is on offer. */
export type ServicioCreadoEvent = Envelope<"servicio_creado", ServicioCreadoData>;

export interface ServicioActualizadoData {
  servicio_id?: string | number | null;
  nombre?: string | null;
  precio?: number | null;
  [field: string]: unknown;
}

/** The details of a service have changed. */
export type ServicioActualizadoEvent = Envelope<"servicio_actualizado", ServicioActualizadoData>;

export interface ServicioEliminadoData {
  servicio_id?: string | number | null;
  nombre?: string | null;
  [field: string]: unknown;
}

/** A service has been withdrawn. */
export type ServicioEliminadoEvent = Envelope<"servicio_eliminado", ServicioEliminadoData>;

export interface DestinoCreadoData {
  destino_id?: string | number | null;
  nombre?: string | null;
  pais?: string | null;
  [field: string]: unknown;
}

/** There is one more destination. */
export type DestinoCreadoEvent = Envelope<"destino_creado", DestinoCreadoData>;

export interface DestinoActualizadoData {
  destino_id?: string | number | null;
  nombre?: string | null;
  pais?: string | null;
  [field: string]: unknown;
}

/** The details of a destination have changed. */
export type DestinoActualizadoEvent = Envelope<"destino_actualizado", DestinoActualizadoData>;

export interface DestinoEliminadoData {
  destino_id?: string | number | null;
  nombre?: string | null;
  [field: string]: unknown;
}

/** A destination has been withdrawn. */
export type DestinoEliminadoEvent = Envelope<"destino_eliminado", DestinoEliminadoData>;

export interface GuiaCreadoData {
  guia_id?: string | number | null;
  nombre?: string | null;
  idiomas?: unknown[] | null;
  [field: string]: unknown;
}

/** A guide has been added. */
export type GuiaCreadoEvent = Envelope<"guia_creado", GuiaCreadoData>;

export interface GuiaActualizadoData {
  guia_id?: string | number | null;
  nombre?: string | null;
  idiomas?: unknown[] | null;
  [field: string]: unknown;
}

/** The details of a guide have changed. */
export type GuiaActualizadoEvent = Envelope<"guia_actualizado", GuiaActualizadoData>;

export interface GuiaEliminadoData {
  guia_id?: string | number | null;
  nombre?: string | null;
  [field: string]: unknown;
}

/** A guide has been removed. */
export type GuiaEliminadoEvent = Envelope<"guia_eliminado", GuiaEliminadoData>;

export interface EventMap {
  "test": TestEvent;
  "usuario_registrado": UsuarioRegistradoEvent;
  "usuario_inicio_sesion": UsuarioInicioSesionEvent;
  "reserva_creada": ReservaCreadaEvent;
  "reserva_actualizada": ReservaActualizadaEvent;
  "reserva_cancelada": ReservaCanceladaEvent;
  "servicio_contratado": ServicioContratadoEvent;
  "recomendacion_creada": RecomendacionCreadaEvent;
  "tour_creado": TourCreadoEvent;
  "tour_actualizado": TourActualizadoEvent;
  "tour_eliminado": TourEliminadoEvent;
  "servicio_creado": ServicioCreadoEvent;
  "servicio_actualizado": ServicioActualizadoEvent;
  "servicio_eliminado": ServicioEliminadoEvent;
  "destino_creado": DestinoCreadoEvent;
  "destino_actualizado": DestinoActualizadoEvent;
  "destino_eliminado": DestinoEliminadoEvent;
  "guia_creado": GuiaCreadoEvent;
  "guia_actualizado": GuiaActualizadoEvent;
  "guia_eliminado": GuiaEliminadoEvent;
}

export type EventType = keyof EventMap;

/** Any notification; its `type` tells which. */
export type AnyNotification = EventMap[EventType];

/** For a client of socket.io-client: `const socket: Socket<ListenEvents> = io(url)`. */
export type ListenEvents = { [Type in EventType]: (notification: EventMap[Type]) => void };
