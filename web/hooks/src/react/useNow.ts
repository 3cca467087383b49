"use client";

import { useEffect, useState } from "react";
import { milliseconds } from "../core/settings.ts";
import { every } from "../core/timers.ts";
import { useNotifierState } from "./useNotifierState.ts";

const USUAL_MS = 60_000;

// Nobody sees a time change more often, and each change renders.
const LEAST_MS = 100;

/** The server's time in milliseconds, renewed every `period` milliseconds: this machine's clock may be wrong. */
export function useNow(period: number): number {
  const offset = useNotifierState((state) => state.clockOffset);
  const [now, setNow] = useState(() => Date.now());
  const pause = Math.max(LEAST_MS, milliseconds(period, USUAL_MS));
  useEffect(
    () =>
      every(pause, () => {
        setNow(Date.now());
      }),
    [pause],
  );
  return now + offset;
}
