import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { en, es } from "../../src/react/labels/index.ts";
import { dayLabel, relativeTime } from "../../src/react/times.ts";

// A zone whose clocks change: on 29 March 2026 a day of 23 hours, on 25 October one of 25.
const ZONE = "Europe/Madrid";
let before: string | undefined;

beforeEach(() => {
  before = process.env.TZ;
  process.env.TZ = ZONE;
});

afterEach(() => {
  if (before === undefined) delete process.env.TZ;
  else process.env.TZ = before;
});

const at = (text: string): number => new Date(text).getTime();
const iso = (text: string): string => new Date(text).toISOString();

describe("how long ago something was", () => {
  it.each([
    ["2026-11-27T12:00:30", "2026-11-27T12:00:50", "ahora"],
    ["2026-11-27T12:00:00", "2026-11-27T11:59:00", "ahora"], // a wrong clock
    ["2026-11-27T12:00:00", "2026-11-27T12:05:30", "hace 5 minutos"],
    ["2026-11-26T23:30:00", "2026-11-27T00:10:00", "hace 40 minutos"],
    ["2026-11-26T23:30:00", "2026-11-27T02:40:00", "hace 3 horas"],
    ["2026-11-27T00:10:00", "2026-11-27T23:20:00", "hace 23 horas"],
    ["2026-11-24T21:00:00", "2026-11-25T20:00:00", "ayer"],
    ["2026-11-23T21:00:00", "2026-11-25T20:00:00", "anteayer"],
    ["2026-11-22T21:00:00", "2026-11-25T20:00:00", "hace 3 días"],
    ["2026-03-28T09:00:00", "2026-03-29T23:30:00", "ayer"],
    ["2026-10-24T23:30:00", "2026-10-26T00:10:00", "anteayer"],
    ["2026-11-03T09:00:00", "2026-11-25T20:00:00", "3 nov"],
    ["2025-10-21T09:00:00", "2026-11-25T20:00:00", "21 oct 2025"],
  ])("of %s, looked at %s, is %j", (then, now, said) => {
    expect(relativeTime(iso(then), at(now), "es")).toBe(said);
  });

  it.each(["es_PE", "xx", "", "not a language"])("throw at no language (%j)", (locale) => {
    const then = "2026-11-01T10:00:00.000Z";
    for (const now of [then, "2026-11-02T20:00:00.000Z", "2027-11-20T10:00:00.000Z"])
      expect(() => relativeTime(then, Date.parse(now), locale)).not.toThrow();
  });

  it("is nothing for what is no date", () => {
    expect(relativeTime("mañana", at("2026-11-25T20:00:00"), "es")).toBe("");
  });
});

describe("the heading of a day", () => {
  it.each([
    ["2026-11-25T00:00:01", "2026-11-25T23:59:00", "Today"],
    ["2026-11-24T00:00:01", "2026-11-25T23:59:00", "Yesterday"],
    ["2026-10-25T00:30:00", "2026-10-26T00:10:00", "Yesterday"], // 24 hours and 40 minutes, and an hour more
    ["2026-03-28T23:30:00", "2026-03-29T23:59:00", "Yesterday"],
    ["2026-11-23T21:00:00", "2026-11-25T20:00:00", "Monday, November 23"],
    ["2025-11-23T21:00:00", "2026-11-25T20:00:00", "November 23, 2025"],
  ])("of %s, looked at %s, is %j", (then, now, said) => {
    expect(dayLabel(iso(then), at(now), "en", en)).toBe(said);
  });

  it("agrees with the time beside it", () => {
    const now = at("2026-11-25T20:00:00");
    for (let hour = 0; hour < 80; hour++) {
      const then = new Date(now - hour * 3_600_000).toISOString();
      const [heading, time] = [dayLabel(then, now, "es", es), relativeTime(then, now, "es")];
      expect(time === "ayer").toBe(heading === "Ayer" && hour >= 12);
    }
  });
});
