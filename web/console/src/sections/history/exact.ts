import type { HistoryPage, NotificationRecord } from "../../api/records.ts";

/** What a page shows: what has just the id or the number that was typed comes first, wherever it stands in the log. */
export function shownOf({ items, exact }: HistoryPage): NotificationRecord[] {
  return exact === null || items.some((one) => one.id === exact.id) ? items : [exact, ...items];
}
