import { useEffect, useMemo, useRef, useState } from "react";
import type { NotificationRecord } from "../../api/records.ts";
import { useLive } from "../../live/LiveContext.ts";

/** Why a list that somebody reads must not run away: it is scrolled, pointed at, or walked through with the keyboard. */
export type Reading = "scroll" | "pointer" | "focus";

/** The stream as it was when it was stopped. */
export interface Held {
  records: readonly NotificationRecord[];
  total: number;
  /** How many had been let go by then. */
  released: number;
  /** By somebody who reads: it goes on by itself when they are done. */
  byReading: boolean;
}

export interface Hold {
  pause: () => void;
  resume: () => void;
  reading: (how: Reading, is: boolean) => void;
}

/** Stops the stream on the screen, and lets it go on; what comes in meanwhile is kept. */
export function useHold(): [Held | null, Hold] {
  const { feed } = useLive();
  const [held, setHeld] = useState<Held | null>(null);
  const now = useRef<Held | null>(null);

  const hold = useMemo<Hold>(() => {
    const ways = new Set<Reading>();

    function put(next: Held | null) {
      now.current = next;
      if (next === null) feed.go();
      setHeld(next);
    }

    function stop(byReading: boolean) {
      const { total, released } = feed.getSnapshot();
      const before = now.current ?? { records: feed.hold(), total, released };
      put({ ...before, byReading });
    }

    return {
      pause() {
        stop(false);
      },
      resume() {
        ways.clear();
        put(null);
      },
      reading(how, is) {
        if (is === ways.has(how)) return;
        if (is) ways.add(how);
        else ways.delete(how);
        if (ways.size > 0 && now.current === null) stop(true);
        else if (ways.size === 0 && now.current?.byReading === true) put(null);
      },
    };
  }, [feed]);

  useEffect(
    () => () => {
      feed.go();
    },
    [feed],
  );
  return [held, hold];
}
