import type { Identity } from "./simulation.ts";

/** A crowd of one click. */
export interface Preset {
  key: "day" | "tourists" | "bad";
  /** How many, of what role, on what line. */
  people: readonly { count: number; role: string; isSlow?: boolean }[];
}

export const PRESETS: readonly Preset[] = [
  {
    key: "day",
    people: [
      { count: 3, role: "admin" },
      { count: 18, role: "turista" },
      { count: 2, role: "turista", isSlow: true },
    ],
  },
  { key: "tourists", people: [{ count: 20, role: "turista" }] },
  { key: "bad", people: [{ count: 3, role: "turista", isSlow: true }] },
];

export function sizeOf({ people }: Preset): number {
  return people.reduce((sum, { count }) => sum + count, 0);
}

/** Made-up people, as development lets anybody be: numbered on from those who are there. */
export function identitiesOf(people: Preset["people"], prefix: string, taken: ReadonlySet<string>): Identity[] {
  const identities: Identity[] = [];
  let number = 1;
  for (const { count, role, isSlow = false } of people) {
    for (let left = count; left > 0; number += 1) {
      const name = `${prefix}-${number}`;
      if (taken.has(name)) continue;
      identities.push({ name, role, auth: { role, user: name }, isSlow });
      left -= 1;
    }
  }
  return identities;
}
