import { type FormEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { publish, reference } from "./backend.ts";
import { PEOPLE, type Person } from "./people.ts";
import { soles, type Tour } from "./tours.ts";

const WEEK_MS = 7 * 86_400_000;
const nextWeek = (): string => new Date(Date.now() + WEEK_MS).toISOString().slice(0, 10);

const MOST = 12;

interface Props {
  tour: Tour;
  person: Person;
  onClose: () => void;
}

export function BookingDialog({ tour, person, onClose }: Props): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const [people, setPeople] = useState(2);
  const [date, setDate] = useState(nextWeek);
  const [state, setState] = useState<"open" | "sending" | "failed">("open");
  useEffect(() => {
    dialog.current?.showModal();
  }, []);

  async function book(event: FormEvent): Promise<void> {
    event.preventDefault();
    setState("sending");
    const id = reference();
    try {
      await publish({
        type: "reserva_creada",
        title: "Nueva reserva",
        data: {
          reserva_id: id,
          usuario_id: person,
          tour_id: tour.id,
          tour_nombre: tour.name,
          fecha: date,
          personas: people,
          total: people * tour.price,
        },
        link: `/reservas/${id}`,
        actor: { id: person, name: PEOPLE[person].name },
      });
      dialog.current?.close();
    } catch {
      setState("failed");
    }
  }

  return (
    <dialog ref={dialog} className="booking" aria-labelledby="booking-title" onClose={onClose}>
      <form onSubmit={(event) => void book(event)}>
        <h2 id="booking-title">{tour.name}</h2>
        <p className="place">
          {tour.place} · {tour.days}
        </p>
        <label>
          Salida
          <input type="date" required value={date} onChange={(event) => setDate(event.target.value)} />
        </label>
        <label>
          Personas
          <input
            type="number"
            required
            min={1}
            max={MOST}
            value={people}
            onChange={(event) => setPeople(Number(event.target.value))}
          />
        </label>
        <p className="total">
          Total <strong>{soles(people * tour.price)}</strong>
        </p>
        {state === "failed" && <p role="alert">No se ha podido reservar. ¿Está en marcha el servidor?</p>}
        <div className="choices">
          <button type="button" className="quiet" onClick={() => dialog.current?.close()}>
            Ahora no
          </button>
          <button type="submit" className="button" aria-disabled={state === "sending"}>
            {state === "sending" ? "Reservando…" : "Confirmar la reserva"}
          </button>
        </div>
      </form>
    </dialog>
  );
}
