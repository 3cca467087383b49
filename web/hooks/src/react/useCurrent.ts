"use client";

import { type RefObject, useInsertionEffect, useRef } from "react";

/** The value of the latest render, for what is called later: handlers may then be written inline. */
export function useCurrent<Value>(value: Value): RefObject<Value> {
  const latest = useRef(value);
  useInsertionEffect(() => {
    latest.current = value;
  });
  return latest;
}
