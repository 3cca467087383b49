import { describe, expect, test } from "vitest";
import { offset } from "../src/sections/trace/offset.ts";
import { between, scaleOf } from "../src/sections/trace/scale.ts";

describe("the axis of a notification's way", () => {
  test("begins at its publish, ends at the last step, and keeps the order between", () => {
    const scale = scaleOf([0, 1.8, 2.4, 9, 4 * 3_600_000]);
    const places = [0, 1.8, 2.4, 9, 4 * 3_600_000].map(scale.place);
    expect(places[0]).toBe(0);
    expect(places.at(-1)).toBe(1);
    expect(places).toEqual(places.toSorted((one, other) => one - other));
    expect(scale.marks).toEqual([1, 10, 100, 1_000, 10_000, 60_000, 600_000, 3_600_000]);
  });

  test("does not blow a fast server's steps up to the whole width, and holds nothing outside", () => {
    const scale = scaleOf([0, 0.4]);
    expect(scale.place(0.4)).toBeLessThan(0.2);
    expect(scale.place(-5)).toBe(0);
    expect(scale.place(10 ** 9)).toBe(1);
    expect(scaleOf([]).marks).toEqual([1, 10]);
  });

  test("counts from one moment to another, and never back", () => {
    expect(between("2026-11-28T03:00:00.000Z", "2026-11-28T03:00:01.250Z")).toBe(1_250);
    expect(between("2026-11-28T03:00:01.000Z", "2026-11-28T03:00:00.000Z")).toBe(0);
  });

  test("is told in a few letters", () => {
    const formats = { decimal: (value: number) => value.toFixed(1), duration: (seconds: number) => `${seconds}!` };
    expect([0, 1.84, 2_440, 59_999, 60_000].map((ms) => offset(ms, formats))).toEqual([
      "0.0 ms",
      "1.8 ms",
      "2.4 s",
      "60.0 s",
      "60!",
    ]);
  });
});
