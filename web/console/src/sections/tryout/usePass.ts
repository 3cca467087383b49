import { useEffect, useState } from "react";
import { GUEST_PAGES } from "../../shell/guestPage.ts";
import { here } from "../../shell/here.ts";
import type { Pass } from "../../api/records.ts";
import type { Casting } from "./cast.ts";

/** Before it runs out, so that none is scanned that is about to; by this machine's clock, which may be another's. */
const MARGIN_MS = 10_000;
const SHORTEST_MS = 30_000;
const LONGEST_MS = 110_000;

const RETRY_MS = 5_000;

interface Shown {
  pass: Pass;
  /** When it is to be replaced, in milliseconds since the epoch. */
  until: number;
}

/** The address of Ana's phone with a fresh pass; it changes before that runs out, and once it was used. */
export function usePass(casting: Casting, used: number): { address: string | null; left: number; error: Error | null } {
  const [shown, setShown] = useState<Shown | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const [now, setNow] = useState(Date.now);
  const [round, setRound] = useState(0);

  useEffect(() => {
    let isWanted = true;
    casting.pass("phone").then(
      (pass) => {
        if (!isWanted) return;
        setError(null);
        const start = Date.now();
        const life = Date.parse(pass.expires_at) - MARGIN_MS - start;
        setNow(start);
        setShown({ pass, until: start + Math.min(LONGEST_MS, Math.max(SHORTEST_MS, life)) });
      },
      (reason: unknown) => {
        if (!isWanted) return;
        setError(reason as Error);
        setShown(null);
      },
    );
    return () => {
      isWanted = false;
    };
  }, [casting, round, used]);

  useEffect(() => {
    if (shown === null && error === null) return;
    const pause = shown === null ? RETRY_MS : shown.until - Date.now();
    const timer = setTimeout(() => {
      setRound((before) => before + 1);
    }, pause);
    return () => {
      clearTimeout(timer);
    };
  }, [shown, error]);

  useEffect(() => {
    const timer = setInterval(() => {
      setNow(Date.now());
    }, 1_000);
    return () => {
      clearInterval(timer);
    };
  }, []);

  const left = shown === null ? 0 : Math.max(0, Math.ceil((shown.until - now) / 1_000));
  const query = new URLSearchParams({ pase: shown?.pass.pass ?? "" }).toString();
  const address = shown === null ? null : `${here()}/#${GUEST_PAGES.phone}?${query}`;
  return { address, left, error };
}
