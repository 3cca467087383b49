import { expect, test } from "vitest";
import { every, loneOf, newestOf } from "../src/ui/series.ts";

test.each([
  [[null, 3, null, 4, 5, null], [1]],
  [[1], [0]],
  [[1, 2], []],
  [
    [1, null, 2],
    [0, 2],
  ],
  [[null, undefined, null], []],
  [[], []],
  [[0, null], [0]],
])("in %j those at %j stand alone", (values, lone) => {
  expect(loneOf(values)).toEqual(lone);
});

test("the newest is the last that is known, zero too", () => {
  expect(newestOf([5, 0, null])).toBe(0);
  expect(newestOf([null])).toBeNull();
});

test("a table has a row for each step, the newest first, and none for what is missing", () => {
  const times = [100, 101, 129, 130, 300];
  const rows = every(30, times, [
    [1, 3, 10, 20, 7],
    [null, null, 4, null, null],
  ]);

  expect(rows.map(({ at }) => at)).toEqual([300, 150, 120]);
  expect(rows.map(({ values }) => values)).toEqual([
    [7, null],
    [15, 4],
    [2, null],
  ]);
  expect(every(30, [], [[]])).toEqual([]);
});
