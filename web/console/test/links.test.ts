import { expect, test } from "vitest";
import { isSafeLink } from "../src/ui/SafeLink.tsx";

test.each(["https://example.com/a", "http://example.com", "/reservas/7", "reservas/7", "?a=1", "#b"])(
  "%s may be followed",
  (link) => {
    expect(isSafeLink(link)).toBe(true);
  },
);

test.each([
  "javascript:alert(1)",
  " javascript:alert(1)",
  "java\nscript:alert(1)",
  "data:text/html,x",
  "vbscript:x",
  "file:///etc/passwd",
])("%s may not", (link) => {
  expect(isSafeLink(link)).toBe(false);
});
