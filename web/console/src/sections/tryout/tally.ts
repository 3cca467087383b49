/** A notification by its place in the log. */
export interface Placed {
  id: string;
  seq: number;
}

export interface Tally {
  received: number;
  /** Those that should have come by now, and did not. */
  lost: number;
  /** How often one came that had come before. */
  repeated: number;
  /** Whether each one came after all that stand before it in the log. */
  inOrder: boolean;
  /** Those that may still come. */
  pending: number;
}

/**
 * What became of those that were published (`expected`), by what came over the wire (`arrived`, in that order). One that
 * did not come is lost when the wire is known to have been past its place in the log (`passed`), and else may still come.
 */
export function tally(expected: readonly Placed[], arrived: readonly Placed[], passed: number): Tally {
  const wanted = new Set(expected.map(({ id }) => id));
  const came = arrived.filter(({ id }) => wanted.has(id));
  const first = new Map<string, number>();
  for (const { id, seq } of came) if (!first.has(id)) first.set(id, seq);
  const seqs = [...first.values()];
  const furthest = arrived.reduce((most, { seq }) => Math.max(most, seq), passed);
  const missing = expected.filter(({ id }) => !first.has(id));
  const lost = missing.filter(({ seq }) => seq <= furthest).length;
  return {
    received: first.size,
    lost,
    repeated: came.length - first.size,
    inOrder: seqs.every((seq, index) => index === 0 || seq > (seqs[index - 1] ?? 0)),
    pending: missing.length - lost,
  };
}

/** Whether there is nothing that one would rather not show. */
export function isPerfect({ lost, repeated, inOrder }: Tally): boolean {
  return lost === 0 && repeated === 0 && inOrder;
}
