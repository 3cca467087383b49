import { useNotifications } from "@sio-server/react";

/** A booking as the agency knows it, from what was told of it. */
export interface Booking {
  id: string;
  code: string;
  tour: string;
  date: string | null;
  people: number;
  total: number;
  isCancelled: boolean;
}

const TYPES = ["reserva_creada", "reserva_cancelada"];

/** Bookings by the kit's own list, the newest first; cancelled ones stay, and say so. */
export function useBookings(): Booking[] {
  const { items } = useNotifications({ types: TYPES, limit: 50 });
  const cancelled = new Set(
    items.flatMap((item) => (item.type === "reserva_cancelada" ? [String(item.data.reserva_id)] : [])),
  );
  return items.flatMap((item) => {
    if (item.type !== "reserva_creada") return [];
    const { reserva_id, tour_nombre, fecha, personas, total } = item.data;
    const code = String(reserva_id ?? "");
    return [
      {
        id: item.id,
        code,
        tour: tour_nombre ?? "",
        date: fecha ?? null,
        people: personas ?? 0,
        total: total ?? 0,
        isCancelled: cancelled.has(code),
      },
    ];
  });
}
