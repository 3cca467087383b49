import { act, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { useNow } from "../../src/index.ts";

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, "error").mockImplementation(() => undefined); // there is no provider here
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("useNow", () => {
  it.each([
    [NaN, 2],
    [Infinity, 0],
    [-1, 2],
    [2 ** 31, 0],
    [0, 1_200],
    [60_000, 2],
  ])("every %d milliseconds renders a page no more often than can be seen", (period, most) => {
    let renders = 0;
    const { unmount } = renderHook(() => (renders++, useNow(period)));
    const before = renders;
    act(() => {
      vi.advanceTimersByTime(120_000);
    });
    expect(renders - before).toBeLessThanOrEqual(most);
    unmount();
    expect(vi.getTimerCount()).toBe(0);
  });
});
