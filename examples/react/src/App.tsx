import {
  ConnectionBanner,
  NotificationBell,
  NotificationProvider,
  NotificationToaster,
  useNotificationEvent,
} from "@sio-server/react";
import { type ReactNode, useState } from "react";
import { Dashboard } from "./Dashboard.tsx";
import { MyTrips } from "./MyTrips.tsx";

// A backend of your own says who is logged in, and makes a token for them: then `getToken` takes the place of `identity`.
const PEOPLE = {
  marta: { user: "marta", role: "admin" },
  ana: { user: "ana", role: "turista" },
} as const;

type Person = keyof typeof PEOPLE;

const SERVER = (import.meta.env.VITE_SIO_SERVER as string | undefined) ?? "http://127.0.0.1:8080";

export function App(): ReactNode {
  const [person, setPerson] = useState<Person | null>("marta");
  return (
    <NotificationProvider
      url={SERVER}
      user={person}
      identity={person ? PEOPLE[person] : undefined}
      onNavigate={(link) => {
        location.hash = link;
      }}
    >
      <ConnectionBanner />
      <header>
        <h1>Recomendaciones turísticas</h1>
        <label>
          Sesión de{" "}
          <select
            value={person ?? ""}
            onChange={(event) => {
              setPerson((event.target.value || null) as Person | null);
            }}
          >
            <option value="marta">Marta (administradora)</option>
            <option value="ana">Ana (turista)</option>
            <option value="">nadie</option>
          </select>
        </label>
        <NotificationBell badge="unseen" />
      </header>
      <main>{person === "marta" ? <Dashboard /> : person && <MyTrips server={SERVER} person={person} />}</main>
      <NotificationToaster />
      <Title />
    </NotificationProvider>
  );
}

/** An event of one type, with its data typed: a cancelled booking changes the page's title until it is read. */
function Title(): ReactNode {
  const [cancelled, setCancelled] = useState(0);
  useNotificationEvent("reserva_cancelada", ({ data }) => {
    setCancelled((count) => count + 1);
    console.info("reserva cancelada", data.reserva_id, data.motivo);
  });
  return <title>{cancelled ? `(${cancelled}) Recomendaciones turísticas` : "Recomendaciones turísticas"}</title>;
}
