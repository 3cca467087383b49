import type { NotificationRecord } from "../../api/records.ts";

export interface Day {
  /** As the language writes it: "viernes, 27 de noviembre de 2026". */
  day: string;
  records: NotificationRecord[];
}

/** The records by the day on which they were published, in the zone of whoever looks, in the order that they have. */
export function daysOf(records: readonly NotificationRecord[], locale: string): Day[] {
  const format = new Intl.DateTimeFormat(locale, { dateStyle: "full" });
  const days: Day[] = [];
  for (const record of records) {
    const day = format.format(new Date(record.timestamp));
    const last = days.at(-1);
    if (last?.day === day) last.records.push(record);
    else days.push({ day, records: [record] });
  }
  return days;
}
