import { describe, expect, test } from "vitest";
import { daysOf } from "../src/sections/history/days.ts";
import { searchOf, fieldsOf } from "../src/sections/history/search.ts";
import { momentFrom, rangeOf, written } from "../src/sections/history/when.ts";
import type { NotificationRecord } from "../src/api/records.ts";

const NOW = new Date(2026, 10, 27, 10, 30);
const local = (...parts: [number, number, number, number?, number?]) => new Date(...parts).toISOString();

test("presets are stretches of the reader's own clock", () => {
  expect(rangeOf("quarter", NOW)).toEqual({ since: local(2026, 10, 27, 10, 15), until: null });
  expect(rangeOf("today", NOW)).toEqual({ since: local(2026, 10, 27), until: null });
  expect(rangeOf("yesterday", NOW)).toEqual({ since: local(2026, 10, 26), until: local(2026, 10, 27) });
  expect(rangeOf("week", NOW).since).toBe(local(2026, 10, 21));
});

describe("a moment that is written", () => {
  test.each([
    ["2026-11-27", local(2026, 10, 27)],
    [" 2026-11-27 09:30 ", local(2026, 10, 27, 9, 30)],
    ["2026-1-2T9:05", local(2026, 0, 2, 9, 5)],
  ])("%s is read", (text, moment) => {
    expect(momentFrom(text)).toBe(moment);
    expect(momentFrom(written(moment))).toBe(moment);
  });

  test.each(["", "ayer", "27/11/2026", "2026-02-30", "2026-11-27 24:00", "2026-11-27 10:60", "2026-13-01"])(
    "%s is none",
    (text) => {
      expect(momentFrom(text)).toBeNull();
    },
  );
});

test("an address holds a search, and what is no moment in it is left out", () => {
  const search = searchOf(new URLSearchParams("texto=colca&tipo=test&desde=2026-11-27T09:00:00Z&hasta=nunca"));

  expect(search).toMatchObject({ text: "colca", type: "test", since: "2026-11-27T09:00:00.000Z", until: null });
  expect(fieldsOf(search)).toMatchObject({ texto: "colca", tipo: "test", desde: "2026-11-27T09:00:00.000Z" });
});

test("records stand by days, in the order that they have", () => {
  const at = (...parts: [number, number, number, number?]) =>
    ({ timestamp: new Date(...parts).toISOString() }) as NotificationRecord;
  const records = [at(2026, 10, 27, 23), at(2026, 10, 27, 1), at(2026, 10, 26, 23)];

  expect(daysOf(records, "es").map(({ day, records: of }) => [day, of.length])).toEqual([
    ["viernes, 27 de noviembre de 2026", 2],
    ["jueves, 26 de noviembre de 2026", 1],
  ]);
});
