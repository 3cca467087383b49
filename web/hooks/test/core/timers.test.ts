import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { after, createTimer, every, within } from "../../src/core/timers.ts";

const DAY_MS = 86_400_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a timer", () => {
  it.each([Infinity, 30 * DAY_MS, 2 ** 31, Number.MAX_SAFE_INTEGER])(
    "of %d milliseconds does not fire at once",
    (ms) => {
      const call = vi.fn();
      after(ms, call);
      vi.advanceTimersByTime(29 * DAY_MS > ms ? ms - 1 : 29 * DAY_MS);
      expect(call).not.toHaveBeenCalled();
    },
  );

  it("fires after more days than a browser can count", () => {
    const call = vi.fn();
    after(60 * DAY_MS, call);
    vi.advanceTimersByTime(60 * DAY_MS - 1);
    expect(call).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(call).toHaveBeenCalledOnce();
  });

  it("whose delay is no number fires neither at once nor never", () => {
    const call = vi.fn();
    after(NaN, call);
    vi.advanceTimersByTime(100);
    expect(call).not.toHaveBeenCalled();
    vi.advanceTimersByTime(DAY_MS);
    expect(call).toHaveBeenCalledOnce();
  });

  it("is taken back, in whichever of its steps it is", () => {
    const call = vi.fn();
    const cancel = after(60 * DAY_MS, call);
    vi.advanceTimersByTime(40 * DAY_MS);
    cancel();
    vi.advanceTimersByTime(40 * DAY_MS);
    expect(call).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("that is set again is one, not two", () => {
    const [first, second, timer] = [vi.fn(), vi.fn(), createTimer()];
    timer.set(10, first);
    timer.set(10, second);
    vi.advanceTimersByTime(100);
    expect(first).not.toHaveBeenCalled();
    expect(second).toHaveBeenCalledOnce();
    expect(timer.isSet()).toBe(false);
  });

  it("goes on though what it calls throws, and ends when it is told to", () => {
    const call = vi.fn();
    const end = every(1_000, call);
    vi.advanceTimersByTime(3_500);
    expect(call).toHaveBeenCalledTimes(3);
    end();
    vi.advanceTimersByTime(DAY_MS);
    expect(call).toHaveBeenCalledTimes(3);
  });
});

describe("a wait", () => {
  it("ends, though nothing comes of what is waited for", async () => {
    const waiting = within(5_000, new Promise(() => undefined), () => new Error("late"));
    const failed = expect(waiting).rejects.toThrow("late");
    await vi.advanceTimersByTimeAsync(5_000);
    await failed;
  });

  it("leaves no timer behind when it has come", async () => {
    await expect(within(5_000, Promise.resolve(7), () => new Error("late"))).resolves.toBe(7);
    await expect(within(5_000, Promise.reject(new Error("no")), () => new Error("late"))).rejects.toThrow("no");
    expect(vi.getTimerCount()).toBe(0);
  });
});
