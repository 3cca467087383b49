"use client";

import { useEffect, useState } from "react";
import { useNotifierState } from "./useNotifierState.ts";

/** The server's time in milliseconds, renewed every `period` milliseconds: this machine's clock may be wrong. */
export function useNow(period: number): number {
  const offset = useNotifierState((state) => state.clockOffset);
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      setNow(Date.now());
    }, period);
    return () => {
      clearInterval(timer);
    };
  }, [period]);
  return now + offset;
}
