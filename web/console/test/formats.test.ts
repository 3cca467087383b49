import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { formatsOf } from "../src/i18n/formats.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-11-28T20:00:00Z") });
});

afterEach(() => {
  vi.useRealTimers();
});

test.each(["es", "en"])("hours are counted to 24 in %s, midnight too", (locale) => {
  const { time, moment, precise } = formatsOf(locale);
  const [evening, midnight] = [new Date(2026, 10, 27, 19, 53, 52), new Date(2026, 10, 27, 0, 0, 5)];

  expect(time(evening.getTime())).toBe("19:53:52");
  expect(time(midnight.getTime())).toBe("00:00:05");
  for (const words of [moment, precise]) expect(words(evening.toISOString())).toMatch(/19:53:52/);
  expect(precise(evening.toISOString()).length).toBeGreaterThan(moment(evening.toISOString()).length);
});

test.each([
  ["2026-11-28T19:59:20Z", "hace 40 s", "40 sec. ago"],
  ["2026-11-28T19:57:00Z", "hace 3 min", "3 min. ago"],
  ["2026-11-28T15:00:00Z", "hace 5 h", "5 hr. ago"],
  ["2026-11-26T19:00:00Z", "hace 2 d", "2 days ago"],
  ["2026-11-28T20:10:00Z", "dentro de 10 min", "in 10 min."],
])("%s is told from now", (at, spanish, english) => {
  expect(formatsOf("es").ago(at)).toBe(spanish);
  expect(formatsOf("en").ago(at)).toBe(english);
});
