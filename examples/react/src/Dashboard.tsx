import { useWebSocket } from "@sio-server/react";
import { type ReactNode, useState } from "react";

interface Notification {
  id: string;
  type: string;
  message: string;
}

/** Everything that happens, as an administrator sees it: the component that the project began with. */
export const Dashboard = (): ReactNode => {
  const [activity, setActivity] = useState<Notification[]>([]);

  const handleNotification = (data: Notification): void => {
    setActivity((before) => [data, ...before].slice(0, 20));
  };

  const { isConnected } = useWebSocket(handleNotification);

  return (
    <section>
      <p>Estado: {isConnected ? "🟢 Conectado" : "🔴 Desconectado"}</p>
      <h2>Actividad</h2>
      {activity.length === 0 && <p>Aún no ha pasado nada. Entra como Ana y reserva un tour.</p>}
      <ul>
        {activity.map((item) => (
          <li key={item.id}>
            <code>{item.type}</code> {item.message}
          </li>
        ))}
      </ul>
    </section>
  );
};
