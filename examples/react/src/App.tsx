import { ConnectionBanner, NotificationProvider, NotificationToaster } from "@sio-server/react";
import { type ReactNode, useEffect, useState } from "react";
import { SERVER } from "./backend.ts";
import { Dashboard } from "./Dashboard.tsx";
import { Header } from "./Header.tsx";
import { PEOPLE, type Person } from "./people.ts";
import { Travel } from "./Travel.tsx";

/** The link of a notification says where in the page it leads. */
function useRoute(): [string, (link: string) => void] {
  const [route, setRoute] = useState(location.hash.slice(1));
  useEffect(() => {
    const changed = (): void => {
      setRoute(location.hash.slice(1));
    };
    window.addEventListener("hashchange", changed);
    return () => {
      window.removeEventListener("hashchange", changed);
    };
  }, []);
  return [route, (link) => void (location.hash = link)];
}

export function App(): ReactNode {
  const [person, setPerson] = useState<Person | null>("ana");
  const [route, go] = useRoute();
  return (
    <NotificationProvider
      url={SERVER}
      user={person}
      identity={person ? { user: person, role: PEOPLE[person].role } : undefined}
      locale="es-PE"
      onNavigate={go}
    >
      <ConnectionBanner />
      <Header person={person} onChange={setPerson} />
      {person === "marta" && <Dashboard />}
      {person === "ana" && <Travel route={route} person={person} />}
      {person === null && (
        <main className="page">
          <h1>Hasta pronto</h1>
          <p>Elige arriba con quién entrar.</p>
        </main>
      )}
      <NotificationToaster />
    </NotificationProvider>
  );
}
