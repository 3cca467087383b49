import { useCallback, useEffect, useRef, useState } from "react";
import type { PublishBody } from "../../api/records.ts";
import { useCatalog } from "../../api/queries.ts";
import { nextCode } from "./bookings.ts";
import type { Cast } from "./cast.ts";
import { DAY, PACE, sceneBody } from "./day.ts";

export interface Day {
  isRunning: boolean;
  /** How many scenes have been played; null before the first day. */
  played: number | null;
  /** For how many of them each was told. */
  told: { desk: number; phone: number };
  start: () => void;
  stop: () => void;
}

/** Plays a day of the agency, a scene every few seconds, until it is over or stopped. */
export function useDay(cast: () => Cast | null, publish: (body: PublishBody) => Promise<boolean>): Day {
  const { data } = useCatalog();
  const types = data?.types;
  const [isRunning, setRunning] = useState(false);
  const [played, setPlayed] = useState<number | null>(null);
  const [told, setTold] = useState({ desk: 0, phone: 0 });
  const code = useRef("");
  const scene = isRunning && played !== null ? DAY[played] : undefined;

  useEffect(() => {
    const guests = cast();
    if (scene === undefined || types === undefined || guests === null) return;
    let isWanted = true;
    const body = sceneBody(scene, code.current, guests, types);
    const timer = setTimeout(
      () => {
        void (body === null ? Promise.resolve(true) : publish(body)).then((isAccepted) => {
          if (!isWanted) return;
          if (!isAccepted) {
            setRunning(false);
            return;
          }
          const users = body?.audience?.users ?? [];
          setTold((before) => ({
            desk: before.desk + Number(users.includes(guests.desk)),
            phone: before.phone + Number(users.includes(guests.phone)),
          }));
          setPlayed((before) => (before ?? 0) + 1);
          if (scene === DAY.at(-1)) setRunning(false);
        });
      },
      scene === DAY[0] ? 0 : PACE,
    );
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [scene, types, cast, publish]);

  const start = useCallback(() => {
    code.current = nextCode();
    setTold({ desk: 0, phone: 0 });
    setPlayed(0);
    setRunning(true);
  }, []);
  const stop = useCallback(() => {
    setRunning(false);
  }, []);
  return { isRunning, played, told, start, stop };
}
