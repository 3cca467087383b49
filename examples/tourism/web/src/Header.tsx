import { NotificationBell, plural, useDesktopNotifications } from "@sio-server/react";
import { type ReactNode, useState } from "react";
import type { Account } from "./api.ts";
import { Logo } from "./Logo.tsx";

const BOOKINGS = plural("es", { one: "# reserva nueva", other: "# reservas nuevas" });

const CATEGORIES = [
  { label: "Reservas", types: ["reserva_creada", "reserva_actualizada", "reserva_cancelada"] },
  { label: "Novedades", types: ["tour_creado", "tour_actualizado", "tour_eliminado", "recomendacion_creada"] },
];

interface Props {
  account: Account;
  onLeave: () => void;
}

export function Header({ account, onLeave }: Props): ReactNode {
  return (
    <header className="top">
      <a className="brand" href="#inicio">
        <Logo /> Andina
      </a>
      <p className="session">
        {account.nombre} <small>{account.rol === "admin" ? "Agencia" : "Viajera"}</small>
      </p>
      <button type="button" className="quiet" onClick={onLeave}>
        Salir
      </button>
      <Tools />
      <NotificationBell
        badge="unseen"
        categories={CATEGORIES}
        group={{
          by: ({ type }) => (type === "reserva_creada" ? type : undefined),
          title: (items) => BOOKINGS(items.length),
        }}
      />
    </header>
  );
}

/** Asks for notifications on the desktop when it is clicked, and not before; and day or night. */
function Tools(): ReactNode {
  const { canAsk, request } = useDesktopNotifications({ favicon: true, sound: true });
  const [dark, setDark] = useState(() => matchMedia("(prefers-color-scheme: dark)").matches);
  const turn = (): void => {
    document.documentElement.dataset.theme = dark ? "light" : "dark";
    setDark(!dark);
  };
  return (
    <div className="tools">
      {canAsk && (
        <button type="button" className="quiet wide" onClick={() => void request()}>
          Avísame en el escritorio
        </button>
      )}
      <button type="button" className="quiet" aria-label={dark ? "Tema claro" : "Tema oscuro"} onClick={turn}>
        <svg
          viewBox="0 0 24 24"
          width="20"
          height="20"
          fill="none"
          stroke="currentColor"
          strokeWidth="1.8"
          aria-hidden="true"
        >
          {dark ? (
            <path d="M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM12 2v2.5M12 19.5V22M2 12h2.5M19.5 12H22M5 5l1.7 1.7M17.3 17.3 19 19M19 5l-1.7 1.7M6.7 17.3 5 19" />
          ) : (
            <path d="M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5Z" />
          )}
        </svg>
      </button>
    </div>
  );
}
