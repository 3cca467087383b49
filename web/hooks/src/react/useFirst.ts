"use client";

import { useCallback, useState, useSyncExternalStore } from "react";

interface Line {
  waiting: object[];
  listeners: Set<() => void>;
}

const lines = new WeakMap<object, Line>();

function lineOf(key: object): Line {
  const line = lines.get(key) ?? { waiting: [], listeners: new Set() };
  lines.set(key, line);
  return line;
}

/** Whether this is the first of all that were mounted for the same `key`; the next is when it goes. */
export function useFirst(key: object | undefined): boolean {
  const [me] = useState(() => ({}));
  const subscribe = useCallback(
    (changed: () => void): (() => void) => {
      if (!key) return () => undefined;
      const { waiting, listeners } = lineOf(key);
      const tell = (): void => {
        for (const listener of [...listeners]) listener();
      };
      waiting.push(me);
      listeners.add(changed);
      tell();
      return () => {
        waiting.splice(waiting.indexOf(me), 1);
        listeners.delete(changed);
        tell();
      };
    },
    [key, me],
  );
  return useSyncExternalStore(
    subscribe,
    () => key !== undefined && lineOf(key).waiting[0] === me,
    () => false,
  );
}
