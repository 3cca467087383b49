import { type ReactNode, useEffect, useRef, useState } from "react";
import type { Booking, Tour } from "./api.ts";
import { BookingDialog } from "./BookingDialog.tsx";
import { Bookings } from "./Bookings.tsx";
import { Landscape, Mountains } from "./Landscape.tsx";
import { ratingOf, soles } from "./tours.ts";
import { useFresh } from "./useFresh.ts";

const SEATS = new Intl.PluralRules("es");

/** A tourist: tours to book, and what was booked, both as they are now. */
export function Travel({ route }: { route: string }): ReactNode {
  const tours = useFresh<Tour>("/tours", ["tour_creado", "tour_actualizado", "tour_eliminado", "reserva_creada"]);
  const bookings = useFresh<Booking>("/reservas", ["reserva_creada", "reserva_actualizada", "reserva_cancelada"]);
  const [chosen, setChosen] = useState<Tour | null>(null);
  const list = useRef<HTMLElement>(null);
  useEffect(() => {
    if (route.startsWith("/reservas")) list.current?.scrollIntoView({ block: "start" });
    else if (route.startsWith("/tours/")) document.getElementById(route.slice(1))?.scrollIntoView({ block: "center" });
  }, [route]);
  return (
    <main>
      <section className="hero" id="inicio">
        <Mountains />
        <div>
          <p className="eyebrow">Viajes por el Perú, con gente de allí</p>
          <h1>Del mar a la puna en una semana</h1>
          <p>Grupos de doce como mucho, guías de cada lugar y una respuesta en cuanto reservas.</p>
          <a className="button" href="#tours">
            Ver los tours
          </a>
        </div>
      </section>
      <div className="page">
        <section id="tours" aria-labelledby="tours-title">
          <h2 id="tours-title">Próximas salidas</h2>
          {tours.failed && <p role="alert">{tours.failed}</p>}
          <ul className="cards">
            {tours.items?.map((tour) => (
              <Card key={tour.tour_id} tour={tour} onBook={() => setChosen(tour)} />
            ))}
          </ul>
        </section>
        <section id="reservas" ref={list} aria-labelledby="bookings-title">
          <h2 id="bookings-title">Mis reservas</h2>
          {bookings.failed && <p role="alert">{bookings.failed}</p>}
          <Bookings bookings={bookings.items} />
        </section>
      </div>
      {chosen && <BookingDialog tour={chosen} onClose={() => setChosen(null)} />}
    </main>
  );
}

function Card({ tour, onBook }: { tour: Tour; onBook: () => void }): ReactNode {
  return (
    <li className="card" id={`tours/${tour.tour_id}`}>
      <Landscape name={tour.paisaje} />
      <div className="card-body">
        <p className="place">
          {tour.lugar} · {tour.duracion}
        </p>
        <h3>{tour.nombre}</h3>
        <p className="rating">
          <span aria-hidden="true">★</span> {ratingOf(tour.valoracion)}
          <span className="heard"> de 5</span>
        </p>
        <div className="card-foot">
          <p>
            <strong>{soles(tour.precio)}</strong> <small>por persona</small>
            <br />
            <small>{left(tour.cupos)}</small>
          </p>
          {tour.cupos > 0 && (
            <button type="button" className="button" aria-label={`Reservar: ${tour.nombre}`} onClick={onBook}>
              Reservar
            </button>
          )}
        </div>
      </div>
    </li>
  );
}

function left(seats: number): string {
  if (seats === 0) return "Completo";
  return SEATS.select(seats) === "one" ? "Queda 1 plaza" : `Quedan ${seats} plazas`;
}
