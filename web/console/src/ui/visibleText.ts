// What moves other text about or shows nothing: controls but tab and line breaks, and the marks of direction of Unicode's
// bidirectional algorithm (UAX #9), with which "fdp.exe" is made to look like "exe.pdf".
/* eslint-disable no-control-regex -- these are what is looked for */
const UNSEEN =
  /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u061C\u200B\u200E\u200F\u2028-\u202E\u2060-\u2069\uFEFF\uFFF9-\uFFFB]/g;

/** The text with every character that hides or turns others written as `\u202e`. */
export function visibleText(text: string): string {
  return text.replace(UNSEEN, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
