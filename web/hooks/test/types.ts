// Read by the compiler alone: what must have which type, and what must not compile.
import { expectTypeOf } from "vitest";
import {
  type AnyNotification,
  type NotificationItem,
  useNotificationEvent,
  useNotifications,
  useWebSocket,
} from "../src/index.ts";

export function Checks(): null {
  useNotificationEvent("reserva_creada", ({ data, type }) => {
    expectTypeOf(type).toEqualTypeOf<"reserva_creada">();
    expectTypeOf(data.personas).toEqualTypeOf<number | null | undefined>();
  });
  useNotificationEvent(["tour_creado", "tour_eliminado"], ({ type }) => {
    expectTypeOf(type).toEqualTypeOf<"tour_creado" | "tour_eliminado">();
  });
  useNotificationEvent("*", (notification) => {
    expectTypeOf(notification).toEqualTypeOf<AnyNotification>();
    if (notification.type === "reserva_cancelada") {
      expectTypeOf(notification.data.motivo).toEqualTypeOf<string | null | undefined>();
    }
  });
  // @ts-expect-error -- no such type
  useNotificationEvent("reserva_creda", () => undefined);
  const { items } = useNotifications({ status: "unread" });
  expectTypeOf(items).toEqualTypeOf<readonly NotificationItem[]>();
  // @ts-expect-error -- no such status
  useNotifications({ status: "gone" });
  useWebSocket((data) => void data.message.toUpperCase());
  return null;
}
