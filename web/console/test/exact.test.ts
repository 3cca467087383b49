import { expect, test } from "vitest";
import type { HistoryPage } from "../src/api/records.ts";
import { shownOf } from "../src/sections/history/exact.ts";

const record = (seq: number) => ({ id: `id-${seq}`, seq }) as HistoryPage["items"][number];

function shown(items: number[], exact: number | null): number[] {
  const page = {
    items: items.map(record),
    exact: exact === null ? null : record(exact),
    next_before: 5,
    next_after: null,
  };
  return shownOf(page).map((one) => one.seq);
}

test("what has the number that was typed is shown at once, and once", () => {
  expect(shown([9, 7], 2)).toEqual([2, 9, 7]);
  expect(shown([], 2)).toEqual([2]);
  expect(shown([9, 2], 2)).toEqual([9, 2]);
  expect(shown([9, 7], null)).toEqual([9, 7]);
});
