import { NotificationInbox, plural, useWebSocket } from "@sio-server/react";
import { type ReactNode, useState } from "react";
import { publish, reference } from "./backend.ts";
import { TOURS } from "./tours.ts";

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
      <Actions />
      <div className="columns">
        <section aria-labelledby="activity-title">
          <h2 id="activity-title">Actividad</h2>
          <p>{activity.length === 0 ? "Entra como Ana en otra pestaña y reserva un tour." : EVENTS(activity.length)}</p>
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
    </main>
  );
};

/** What the agency does in a day, each told to whom it concerns. */
function Actions(): ReactNode {
  const [failed, setFailed] = useState(false);
  const run = (notification: Parameters<typeof publish>[0]) => () => {
    setFailed(false);
    publish(notification).catch(() => setFailed(true));
  };
  const [tour, other] = TOURS;
  return (
    <div className="actions">
      <button
        type="button"
        className="button"
        onClick={run({
          type: "tour_creado",
          title: "Nuevo tour",
          data: { tour_id: reference(), nombre: "Kuélap, la fortaleza de las nubes", precio: 540, cupos: 12 },
        })}
      >
        Publicar un tour
      </button>
      <button
        type="button"
        className="quiet"
        onClick={run({
          type: "recomendacion_creada",
          title: "Una idea para tu viaje",
          data: { usuario_id: "ana", titulo: other?.name, tour_id: other?.id, puntuacion: 4.8 },
        })}
      >
        Recomendar el Colca a Ana
      </button>
      <button
        type="button"
        className="quiet"
        onClick={run({
          type: "reserva_cancelada",
          title: "Salida cancelada",
          message: `Se cancela «${tour?.name}» por el mal tiempo. Te devolvemos el importe.`,
          data: { reserva_id: reference(), usuario_id: "ana", tour_nombre: tour?.name, motivo: "Mal tiempo" },
          actor: { id: "marta", name: "Marta, de Andina" },
        })}
      >
        Cancelar una salida de Ana
      </button>
      {failed && <p role="alert">No se ha podido publicar. ¿Está en marcha el servidor?</p>}
    </div>
  );
}
