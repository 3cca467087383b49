import { expect, test } from "vitest";
import { visibleText } from "../src/ui/visibleText.ts";

test.each([
  ["factura_\u202Efdp.exe", String.raw`factura_\u202efdp.exe`],
  ["\u2066abc\u2069", String.raw`\u2066abc\u2069`],
  ["a\u0000b\u001Bc", String.raw`a\u0000b\u001bc`],
  ["zero\u200Bwidth\uFEFF", String.raw`zero\u200bwidth\ufeff`],
  ["soft\u00ADhyphen, \u180E, \u206A", String.raw`soft\u00adhyphen, \u180e, \u206a`],
  ["filler\u3164 and half\uD83D", String.raw`filler\u3164 and half\ud83d`],
  ["line\u2028, C1\u0085, tag\u{E0001}", String.raw`line\u2028, C1\u0085, tag\udb40\udc01`],
])("what turns or hides text is written out: %j", (text, shown) => {
  expect(visibleText(text)).toBe(shown);
});

test.each(["Reserva de «Colca»", "مرحبا بالعالم", "👩‍👩‍👧 ok", "una\nlínea\ty otra", "नमस्ते", "می‌خواهم", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "\u06DD"])(
  "%j stays as it is",
  (text) => {
    expect(visibleText(text)).toBe(text);
  },
);
