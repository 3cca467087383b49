import { NotificationInbox, useNotifications, useUnreadCount } from "@sio-server/react";
import type { ReactNode } from "react";

const TOURS = ["Ruta del Cares", "Casco viejo de noche", "Islas Cíes"];

/** A tourist: booking tells the administrators and puts a notification into the tourist's own inbox. */
export function MyTrips({ server, person }: { server: string; person: string }): ReactNode {
  const { unread } = useUnreadCount();
  const { items: bookings } = useNotifications({ types: ["reserva_creada"] });

  // What your backend does when it has stored the booking, once for all who are to know of it.
  async function book(tour: string): Promise<void> {
    await fetch(`${server}/notify`, {
      method: "POST",
      body: JSON.stringify({
        type: "reserva_creada",
        data: { reserva_id: crypto.randomUUID(), usuario_id: person, tour_nombre: tour, personas: 2 },
        link: "/reservas",
      }),
    });
  }

  return (
    <section>
      <h2>Tours</h2>
      <ul>
        {TOURS.map((tour) => (
          <li key={tour}>
            {tour} <button onClick={() => void book(tour)}>Reservar</button>
          </li>
        ))}
      </ul>
      <p>
        Tienes {bookings.length} reservas y {unread} notificaciones sin leer.
      </p>
      <NotificationInbox />
    </section>
  );
}
