import type { NotificationRecord } from "../../api/records.ts";

let carried: NotificationRecord | null = null;

/** Take a notification along to the form; its content does not belong into the address. */
export function carry(record: NotificationRecord | null): void {
  carried = record;
}

/** What was taken along. It stays until something else is, as a render may run twice. */
export function takeCarried(): NotificationRecord | null {
  return carried;
}
