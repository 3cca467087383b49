import { describe, expect, it } from "vitest";
import { safeLink } from "../../src/core/links.ts";
import { retryDelay } from "../../src/core/retry.ts";
import { subjectOf } from "../../src/core/token.ts";
import { token } from "../server.ts";

describe("safeLink", () => {
  it.each(["https://example.org/a", "http://example.org", "/admin/reservas/665f", "reservas?x=1#y"])(
    "lets %s through as it is",
    (link) => {
      expect(safeLink(link)).toBe(link);
    },
  );

  it.each(["javascript:alert(1)", " javascript:alert(1)", "java\nscript:alert(1)", "JAVASCRIPT:x", "data:text/html,x"])(
    "refuses %j",
    (link) => {
      expect(safeLink(link)).toBeUndefined();
    },
  );

  it.each([null, undefined, "", "https://"])("has nothing for %j", (link) => {
    expect(safeLink(link)).toBeUndefined();
  });
});

describe("retryDelay", () => {
  it("is spread over the whole time up to its most, which doubles up to half a minute", () => {
    for (const [failures, most] of [
      [0, 1_000],
      [3, 8_000],
      [20, 30_000],
    ] as const) {
      const delays = Array.from({ length: 2_000 }, () => retryDelay(failures));
      expect(Math.min(...delays)).toBeGreaterThanOrEqual(100);
      expect(Math.max(...delays)).toBeLessThanOrEqual(most);
      expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(most * 0.7);
    }
  });
});

describe("subjectOf", () => {
  it("reads whom a token is for, in any alphabet", () => {
    expect(subjectOf(token("niño-42"))).toBe("niño-42");
  });

  it.each(["", "abc", "a.b.c", "a.eyJ4IjoxfQ.c"])("knows nothing of %j", (text) => {
    expect(subjectOf(text)).toBeUndefined();
  });
});
