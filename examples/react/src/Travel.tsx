import { type ReactNode, useEffect, useRef, useState } from "react";
import { BookingDialog } from "./BookingDialog.tsx";
import { Bookings } from "./Bookings.tsx";
import { Landscape, Mountains } from "./Landscape.tsx";
import type { Person } from "./people.ts";
import { soles, type Tour, TOURS } from "./tours.ts";

/** A tourist: booking tells the agency, and puts a notification into the tourist's own inbox. */
export function Travel({ route, person }: { route: string; person: Person }): ReactNode {
  const [chosen, setChosen] = useState<Tour | null>(null);
  const bookings = useRef<HTMLElement>(null);
  useEffect(() => {
    if (route.startsWith("/reservas")) bookings.current?.scrollIntoView({ block: "start" });
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
          <ul className="cards">
            {TOURS.map((tour) => (
              <li key={tour.id} className="card">
                <Landscape scenery={tour.scenery} />
                <div className="card-body">
                  <p className="place">
                    {tour.place} · {tour.days}
                  </p>
                  <h3>{tour.name}</h3>
                  <p className="rating">
                    <span aria-hidden="true">★</span> {tour.rating}
                    <span className="heard"> de 5</span>
                  </p>
                  <div className="card-foot">
                    <p>
                      <strong>{soles(tour.price)}</strong> <small>por persona</small>
                    </p>
                    <button
                      type="button"
                      className="button"
                      aria-label={`Reservar: ${tour.name}`}
                      onClick={() => setChosen(tour)}
                    >
                      Reservar
                    </button>
                  </div>
                </div>
              </li>
            ))}
          </ul>
        </section>
        <section id="reservas" ref={bookings} aria-labelledby="bookings-title">
          <h2 id="bookings-title">Mis reservas</h2>
          <Bookings />
        </section>
      </div>
      {chosen && <BookingDialog tour={chosen} person={person} onClose={() => setChosen(null)} />}
    </main>
  );
}
