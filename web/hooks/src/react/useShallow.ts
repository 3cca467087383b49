"use client";

import { useState } from "react";

const isSame = (one: object | undefined, other: object | undefined): boolean => {
  if (one === other) return true;
  if (!one || !other) return false;
  const [mine, theirs] = [Object.entries(one), Object.entries(other)];
  const values = new Map<string, unknown>(theirs);
  return mine.length === theirs.length && mine.every(([name, value]) => values.has(name) && values.get(name) === value);
};

/** The object of an earlier render for as long as every field is the same: it may be written inline. */
export function useShallow<Value extends object | undefined>(value: Value): Value {
  const [kept, setKept] = useState(value);
  if (isSame(kept, value)) return kept;
  setKept(value);
  return value;
}
