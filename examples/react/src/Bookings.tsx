import { plural, useNotifications } from "@sio-server/react";
import type { ReactNode } from "react";
import { dayOf, soles } from "./tours.ts";

const BOOKINGS = plural("es", { one: "# reserva", other: "# reservas" });

/** Of one type of event: a list of its own, with its data typed, that is right as soon as something happens. */
export function Bookings(): ReactNode {
  const { items, isLoading, hasMore, fetchMore } = useNotifications({ types: ["reserva_creada", "reserva_cancelada"] });
  const cancelled = new Set(items.flatMap(({ type, data }) => (type === "reserva_cancelada" ? [data.reserva_id] : [])));
  const bookings = items.filter((item) => item.type === "reserva_creada");

  if (isLoading) return <p>Cargando tus reservas…</p>;
  if (bookings.length === 0)
    return <p className="empty">Aún no tienes ninguna. Elige un tour: te avisamos al momento.</p>;
  return (
    <>
      <p>
        {hasMore ? "Tus últimas " : "Tienes "}
        {BOOKINGS(bookings.length)}.
      </p>
      <ul className="bookings">
        {bookings.map(({ id, data }) => (
          <li key={id} data-cancelled={cancelled.has(data.reserva_id) || undefined}>
            <strong>{data.tour_nombre}</strong>
            <span>
              {data.fecha && dayOf(data.fecha)} · {data.personas} pers.
              {data.total != null && ` · ${soles(data.total)}`}
            </span>
            <span className="state">{cancelled.has(data.reserva_id) ? "Cancelada" : "Confirmada"}</span>
          </li>
        ))}
      </ul>
      {hasMore && (
        <button type="button" className="quiet" onClick={() => void fetchMore()}>
          Ver reservas anteriores
        </button>
      )}
    </>
  );
}
