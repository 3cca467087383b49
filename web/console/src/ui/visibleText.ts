// What moves other text about or shows nothing: controls, formats and separators of Unicode's own classes, among them the
// marks of direction (UAX #9) with which "fdp.exe" is made to look like "exe.pdf", halves of characters, and letters that
// have no shape. Not among them: tabs and line breaks, joiners (Persian, emoji), the tags of flags, and signs of Arabic,
// Syriac and Kaithi that count as formats and are seen.
const UNSEEN =
  /(?!\u200C|\u200D|[\t\n\r\u0600-\u0605\u06DD\u070F\u0890\u0891\u08E2\u{110BD}\u{110CD}\u{E0020}-\u{E007F}])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u115F\u1160\u3164\uFFA0]/gu;

/** The text with every character that hides or turns others written as `\u202e`; in JSON that means the same. */
export function visibleText(text: string): string {
  return text.replace(UNSEEN, (one) =>
    Array.from({ length: one.length }, (_, unit) => `\\u${one.charCodeAt(unit).toString(16).padStart(4, "0")}`).join(
      "",
    ),
  );
}
