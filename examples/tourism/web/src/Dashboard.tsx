import { NotificationInbox, plural, useWebSocket } from "@sio-server/react";
import { type ReactNode, useState } from "react";
import { ask, type Booking, type Tour } from "./api.ts";
import { dayOf, soles } from "./tours.ts";
import { useDoing } from "./useDoing.ts";
import { useFresh } from "./useFresh.ts";

interface Notification {
  id: string;
  type: string;
  message: string;
  timestamp: string;
}

const EVENTS = plural("es", { one: "# suceso", other: "# sucesos" });
const TIME = new Intl.DateTimeFormat("es-PE", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});

/** Everything that happens, as the agency sees it: `useWebSocket` is what the project began with. */
export const Dashboard = (): ReactNode => {
  const [activity, setActivity] = useState<Notification[]>([]);

  const handleNotification = (data: Notification): void => {
    setActivity((before) => [data, ...before].slice(0, 50));
  };

  const { isConnected } = useWebSocket(handleNotification);

  return (
    <main className="page">
      <div className="title">
        <h1>Hoy en Andina</h1>
        <p className="connection" data-connected={isConnected || undefined}>
          {isConnected ? "En directo" : "Sin conexión"}
        </p>
      </div>
      <Requests />
      <div className="columns">
        <section aria-labelledby="activity-title">
          <h2 id="activity-title">Actividad</h2>
          <p>{activity.length === 0 ? "Entra como Ana en otro navegador y reserva." : EVENTS(activity.length)}</p>
          <ol className="activity">
            {activity.map((item) => (
              <li key={item.id}>
                <time dateTime={item.timestamp}>{TIME.format(new Date(item.timestamp))}</time>
                <span>{item.message}</span>
                <code>{item.type}</code>
              </li>
            ))}
          </ol>
        </section>
        <section aria-labelledby="inbox-title">
          <h2 id="inbox-title">Bandeja</h2>
          <NotificationInbox title={false} headingLevel={2} group />
        </section>
      </div>
      <Offer />
    </main>
  );
};

/** What was booked, and what the agency does about it. */
function Requests(): ReactNode {
  const { items, failed } = useFresh<Booking>("/reservas", [
    "reserva_creada",
    "reserva_actualizada",
    "reserva_cancelada",
  ]);
  const doing = useDoing();
  const act =
    (path: string, body: object = {}) =>
    () =>
      doing.run(() => ask("POST", path, body));
  const open = items?.filter(({ estado }) => estado !== "cancelada").slice(0, 8) ?? [];
  return (
    <section aria-labelledby="requests-title">
      <h2 id="requests-title">Reservas</h2>
      {(failed ?? doing.failed) && <p role="alert">{failed ?? doing.failed}</p>}
      {open.length === 0 && <p className="empty">Ninguna por ahora.</p>}
      <ul className="bookings">
        {open.map((booking) => (
          <li key={booking.reserva_id} data-state={booking.estado}>
            <strong>{booking.tour_nombre}</strong>
            <span>
              {booking.usuario_nombre} · {dayOf(booking.fecha)} · {booking.personas} pers. · {soles(booking.total)}
            </span>
            <span className="actions">
              {booking.estado === "pendiente" && (
                <button
                  type="button"
                  className="button"
                  aria-label={`Confirmar: ${booking.tour_nombre}, ${booking.reserva_id}`}
                  onClick={act(`/reservas/${booking.reserva_id}/confirmar`)}
                >
                  Confirmar
                </button>
              )}
              <button
                type="button"
                className="quiet"
                aria-label={`Recomendar otro tour a ${booking.usuario_nombre}, por ${booking.reserva_id}`}
                onClick={act(`/usuarios/${booking.usuario_id}/recomendaciones`)}
              >
                Recomendar otro
              </button>
              <button
                type="button"
                className="quiet"
                aria-label={`Cancelar: ${booking.tour_nombre}, ${booking.reserva_id}`}
                onClick={act(`/reservas/${booking.reserva_id}/cancelar`, { motivo: "Mal tiempo" })}
              >
                Cancelar
              </button>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Tours: a new one, a new price, one less. */
function Offer(): ReactNode {
  const { items, failed } = useFresh<Tour>("/tours", [
    "tour_creado",
    "tour_actualizado",
    "tour_eliminado",
    "reserva_creada",
    "reserva_cancelada",
  ]);
  const doing = useDoing();
  const add = (): void =>
    doing.run(() =>
      ask("POST", "/tours", { nombre: "Kuélap, la fortaleza de las nubes", lugar: "Amazonas", precio: 540 }),
    );
  return (
    <section aria-labelledby="offer-title">
      <div className="title">
        <h2 id="offer-title">Tours</h2>
        <button type="button" className="button" onClick={add}>
          Publicar un tour
        </button>
      </div>
      {(failed ?? doing.failed) && <p role="alert">{failed ?? doing.failed}</p>}
      <ul className="bookings">
        {items?.map(({ tour_id, nombre, precio, cupos }) => (
          <li key={tour_id}>
            <strong>{nombre}</strong>
            <span>
              {soles(precio)} · {cupos} plazas
            </span>
            <span className="actions">
              <button
                type="button"
                className="quiet"
                aria-label={`Rebajar: ${nombre}`}
                onClick={() =>
                  doing.run(() => ask("PUT", `/tours/${tour_id}/precio`, { precio: Math.ceil(precio * 0.9) }))
                }
              >
                Rebajar un 10 %
              </button>
              <button
                type="button"
                className="quiet"
                aria-label={`Retirar: ${nombre}`}
                onClick={() => doing.run(() => ask("DELETE", `/tours/${tour_id}`))}
              >
                Retirar
              </button>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
