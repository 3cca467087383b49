import { describe, expect, test } from "vitest";
import { changesOf, editableOf, type Changeable } from "../src/sections/change/change.ts";

const record: Changeable = {
  id: "1",
  title: "Mañana sales",
  message: "A las 5:30",
  link: "/viajes/7",
  priority: "high",
  data: { hora: "5:30" },
  group: "viajes",
};
const before = editableOf(record, null);

describe("what changes", () => {
  test("is nothing while nothing is other than it was, spaces at the ends aside", () => {
    expect(changesOf(before, { ...before, title: " Mañana sales " })).toEqual({ list: [], body: {}, problems: {} });
  });

  test("is asked for by name, and what was emptied is taken out", () => {
    const { list, body } = changesOf(before, { ...before, message: "A las 6:00", link: "", data: '{"hora":"6:00"}' });
    expect(body).toEqual({ message: "A las 6:00", link: null, data: { hora: "6:00" } });
    expect(list.map(({ field }) => field)).toEqual(["message", "link", "data"]);
  });

  test("says what is no object, no link and no moment, and asks for none of these", () => {
    const wrong = { data: "[1]", link: "javascript:alert(1)", deliver_at: "mañana" };
    const { body, problems } = changesOf(before, { ...before, ...wrong });
    expect(problems).toEqual({ data: "object", link: "link", deliver_at: "moment" });
    expect(body).toEqual({});
  });

  test("may be the moment of delivery, as it is written where one is", () => {
    const due = new Date(2026, 11, 5, 9, 30).toISOString();
    const waits = editableOf(record, due);
    expect(waits.deliver_at).toBe("2026-12-05 09:30");
    const { body } = changesOf(waits, { ...waits, deliver_at: "2026-12-06 10:00" });
    expect(body).toEqual({ deliver_at: new Date(2026, 11, 6, 10, 0).toISOString() });
  });
});
