"use client";

import { type ReactElement, useEffect, useInsertionEffect, useRef, useState } from "react";
import { type ExternalToast, toast } from "sonner";
import { milliseconds, whole } from "../core/settings.ts";
import { LONGEST_MS } from "../core/timers.ts";
import { type Candidate, createBurst } from "./burst.ts";

const DURATION_MS = 6_000;
const MOST = { least: 0, most: 20, otherwise: 3 };

// Of the toast that tells how many were not put up.
const MORE = "sio-more";

interface Options {
  duration: number | undefined;
  max: number | undefined;
  /** What is put up to say that so many were not. */
  more: (count: number, close: () => void) => ReactElement;
  /** What all toasts have, that one too. */
  common?: ExternalToast | undefined;
}

export interface Burst {
  /** How many are up at once. */
  most: number;
  /** Put up a toast of a notification, if there is room: `show` is given what sonner has to be told of it. */
  add: (one: Omit<Candidate, "show">, show: (common: ExternalToast) => void) => void;
  /** Whether a toast of this notification is up, or waits for it. */
  holds: (of: string) => boolean;
  /** The notification was taken back. */
  remove: (of: string) => void;
}

/** Puts up as many toasts as there is room for, and tells of the rest in one that counts them. */
export function useBurst({ duration, max, more, common }: Options): Burst {
  const most = whole(max, MOST);
  const given = milliseconds(duration, DURATION_MS);
  const stays = given > LONGEST_MS ? Infinity : given;
  const latest = useRef({ most, stays, more, common });
  useInsertionEffect(() => {
    latest.current = { most, stays, more, common };
  });
  const [burst] = useState(() => {
    const made = createBurst({
      most: () => latest.current.most,
      close: (id) => void toast.dismiss(id),
      tellMore: (count, hasCritical) => {
        const { more: card, stays: ms, common: all } = latest.current;
        const close = (): void => void toast.dismiss(MORE);
        toast.custom(() => card(count, close), {
          ...all,
          id: MORE,
          duration: hasCritical ? Infinity : ms,
          onDismiss: made.told,
          onAutoClose: made.told,
        });
      },
    });
    return made;
  });
  useEffect(() => burst.stop, [burst]);

  return {
    most,
    holds: burst.holds,
    remove: burst.remove,
    add: (one, show) => {
      const { id, isCritical } = one;
      const gone = (): void => {
        burst.gone(id);
      };
      burst.add({
        ...one,
        show: () => {
          const { stays: ms, common: all } = latest.current;
          show({ ...all, id, duration: isCritical ? Infinity : ms, onDismiss: gone, onAutoClose: gone });
        },
      });
    },
  };
}
