import type { PublishBody } from "../../api/records.ts";
import { momentFrom } from "../history/when.ts";
import type { Draft, Problems } from "./draft.ts";

export const UNITS = ["minutes", "hours", "days"] as const;
export type Unit = (typeof UNITS)[number];

const SECONDS: Record<Unit, number> = { minutes: 60, hours: 3_600, days: 86_400 };

/** When a draft is delivered, as members of its request; what is wrong with it goes into `problems`. */
export function dueOf(
  { due, deliver_in: amount, unit, deliver_at: text }: Draft,
  problems: Problems,
): Pick<PublishBody, "deliver_in" | "deliver_at"> {
  if (due === "in") {
    if (/^[1-9]\d{0,6}$/.test(amount)) return { deliver_in: Number(amount) * SECONDS[unit] };
    problems.deliver_in = "integer";
  }
  if (due === "at") {
    const moment = momentFrom(text);
    if (moment !== null) return { deliver_at: moment };
    problems.deliver_at = "moment";
  }
  return {};
}
