import { type FormEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { ask, type Tour } from "./api.ts";
import { soles } from "./tours.ts";
import { useDoing } from "./useDoing.ts";

const DAY_MS = 86_400_000;
const inDays = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);

const MOST = 12;

interface Props {
  tour: Tour;
  onClose: () => void;
}

export function BookingDialog({ tour, onClose }: Props): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const [people, setPeople] = useState(2);
  const [date, setDate] = useState(() => inDays(7));
  const { isBusy, failed, run } = useDoing();
  useEffect(() => {
    dialog.current?.showModal();
  }, []);

  function book(event: FormEvent): void {
    event.preventDefault();
    run(async () => {
      await ask("POST", "/reservas", { tour_id: tour.tour_id, fecha: date, personas: people });
      dialog.current?.close();
    });
  }

  return (
    <dialog ref={dialog} className="booking" aria-labelledby="booking-title" onClose={onClose}>
      <form onSubmit={book}>
        <h2 id="booking-title">{tour.nombre}</h2>
        <p className="place">
          {tour.lugar} · {tour.duracion}
        </p>
        <label>
          Salida
          <input type="date" required min={inDays(1)} value={date} onChange={(event) => setDate(event.target.value)} />
        </label>
        <label>
          Personas
          <input
            type="number"
            required
            min={1}
            max={Math.min(MOST, tour.cupos)}
            value={people}
            onChange={(event) => setPeople(Number(event.target.value))}
          />
        </label>
        <p className="total">
          Total <strong>{soles(people * tour.precio)}</strong>
        </p>
        {failed && <p role="alert">{failed}</p>}
        <div className="choices">
          <button type="button" className="quiet" onClick={() => dialog.current?.close()}>
            Ahora no
          </button>
          <button type="submit" className="button" aria-disabled={isBusy}>
            {isBusy ? "Reservando…" : "Confirmar la reserva"}
          </button>
        </div>
      </form>
    </dialog>
  );
}
