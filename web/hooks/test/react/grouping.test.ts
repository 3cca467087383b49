import { describe, expect, it } from "vitest";
import type { AnyItem } from "../../src/core/types.ts";
import { daysOf } from "../../src/react/grouping.ts";
import { es } from "../../src/react/labels/index.ts";

const NOW = Date.parse("2026-11-25T20:00:00Z");
let seq = 1_000;

function itemOf(type: string, title: string | null = null): AnyItem {
  const number = --seq;
  return {
    id: `n${number}`,
    seq: number,
    cursor: "",
    type,
    title,
    message: "",
    data: {},
    timestamp: new Date(NOW).toISOString(),
    priority: "normal",
    link: null,
    actor: null,
    expires_at: null,
    replayed: false,
    seen: false,
    read: false,
    archived: false,
  };
}

const around = { now: NOW, locale: "es", labels: es };
const sizes = (items: AnyItem[], group: Parameters<typeof daysOf>[1]["group"]): number[] =>
  daysOf(items, { ...around, group }).flatMap((day) => day.rows.map((row) => row.length));

describe("what is repeated", () => {
  it("stays apart unless it is asked for", () => {
    expect(sizes([itemOf("a"), itemOf("a"), itemOf("a")], undefined)).toEqual([1, 1, 1]);
  });

  it("becomes one row where there are enough of a kind in a row", () => {
    const items = ["a", "a", "a", "b", "b", "a"].map((type) => itemOf(type));
    expect(sizes(items, {})).toEqual([3, 1, 1, 1]);
    expect(sizes(items, { from: 2 })).toEqual([3, 2, 1]);
    expect(sizes(items, { from: 0 })).toEqual([3, 2, 1]);
  });

  it("is of a kind by type and title, or by what the application says", () => {
    const items = [itemOf("a", "one"), itemOf("a", "two"), itemOf("a", "three")];
    expect(sizes(items, {})).toEqual([1, 1, 1]);
    expect(sizes(items, { by: ({ type }) => type })).toEqual([3]);
    expect(sizes(items, { by: () => undefined })).toEqual([1, 1, 1]);
  });

  it("keeps the key of a day when something comes on top of it, and has two for a day that comes twice", () => {
    const old = itemOf("a");
    const yesterday = { ...itemOf("a"), timestamp: new Date(NOW - 86_400_000).toISOString() };
    const keys = (items: AnyItem[]): string[] => daysOf(items, { ...around, group: {} }).map(({ key }) => key);
    expect(keys([itemOf("b"), old])).toEqual(keys([old]));
    expect(new Set(keys([old, yesterday, itemOf("c")])).size).toBe(3);
  });
});
