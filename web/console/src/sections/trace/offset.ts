import type { Formats } from "../../i18n/formats.ts";

/** How long something took, in words of a few letters: "1,8 ms", "2,4 s", "3 h 12 min". */
export function offset(ms: number, { decimal, duration }: Pick<Formats, "decimal" | "duration">): string {
  if (ms < 1_000) return `${decimal(ms)} ms`;
  return ms < 60_000 ? `${decimal(ms / 1_000)} s` : duration(ms / 1_000);
}
