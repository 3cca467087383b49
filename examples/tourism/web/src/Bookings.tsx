import { plural } from "@sio-server/react";
import type { ReactNode } from "react";
import { ask, type Booking } from "./api.ts";
import { dayOf, soles } from "./tours.ts";
import { useDoing } from "./useDoing.ts";

const BOOKINGS = plural("es", { one: "# reserva", other: "# reservas" });
const STATES = { pendiente: "Pendiente", confirmada: "Confirmada", cancelada: "Cancelada" } as const;

interface Props {
  bookings: readonly Booking[] | undefined;
}

/** What the tourist has booked. */
export function Bookings({ bookings }: Props): ReactNode {
  const { failed, run } = useDoing();
  if (bookings === undefined) return <p>Cargando tus reservas…</p>;
  if (bookings.length === 0)
    return <p className="empty">Aún no tienes ninguna. Elige un tour: te avisamos al momento.</p>;
  return (
    <>
      <p>Tienes {BOOKINGS(bookings.length)}.</p>
      {failed && <p role="alert">{failed}</p>}
      <ul className="bookings">
        {bookings.map(({ reserva_id, tour_nombre, fecha, personas, total, estado }) => (
          <li key={reserva_id} data-state={estado}>
            <strong>{tour_nombre}</strong>
            <span>
              {dayOf(fecha)} · {personas} pers. · {soles(total)}
            </span>
            <span className="state">{STATES[estado]}</span>
            {estado !== "cancelada" && (
              <button
                type="button"
                className="quiet"
                aria-label={`Cancelar: ${tour_nombre}, ${reserva_id}`}
                onClick={() => run(() => ask("POST", `/reservas/${reserva_id}/cancelar`, {}))}
              >
                Cancelar
              </button>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}
