/** The last value that is known. */
export function newestOf(values: readonly (number | null)[]): number | null {
  return values.findLast((value) => value !== null) ?? null;
}

/** Where a value stands alone, with nothing known on either side. */
export function loneOf(values: ArrayLike<number | null | undefined>): number[] {
  const known = (index: number) => (values[index] ?? null) !== null;
  return Array.from({ length: values.length }, (_, index) => index).filter(
    (index) => known(index) && !known(index - 1) && !known(index + 1),
  );
}

/** Numbers of every `step` seconds, the newest first: the mean of what is known in each. */
export function every(
  step: number,
  times: readonly number[],
  series: readonly (readonly (number | null)[])[],
): { at: number; values: (number | null)[] }[] {
  const end = times.at(-1);
  if (end === undefined) return [];
  const rows: { at: number; values: (number | null)[] }[] = [];
  for (let until = end; until > (times[0] ?? end) - step; until -= step) {
    const within = times.flatMap((at, index) => (at > until - step && at <= until ? [index] : []));
    if (within.length === 0) continue;
    const values = series.map((one) => {
      const known = within.map((index) => one[index] ?? null).filter((value) => value !== null);
      return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
    });
    rows.push({ at: until, values });
  }
  return rows;
}
