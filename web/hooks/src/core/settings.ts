// Settings as they came, from JavaScript too, and what counts in place of one that says nothing.

/** So many milliseconds, `Infinity` included; `otherwise` for what is no duration. */
export function milliseconds(value: unknown, otherwise: number): number {
  return typeof value === "number" && value >= 0 ? value : otherwise;
}

/** A whole number within these bounds; `otherwise` for what is no number. */
export function whole(
  value: unknown,
  { least, most, otherwise }: Record<"least" | "most" | "otherwise", number>,
): number {
  return typeof value === "number" && !Number.isNaN(value)
    ? Math.max(least, Math.min(most, Math.floor(value)))
    : otherwise;
}
