import { useNotificationEvent } from "@sio-server/react";
import { useCallback, useEffect, useState } from "react";
import { ask } from "./api.ts";

type Types = Parameters<typeof useNotificationEvent>[0];

interface Fresh<Item> {
  items: readonly Item[] | undefined;
  failed: string | undefined;
  again: () => void;
}

/**
 * A list of the backend that is fetched anew as soon as somebody is told that it has changed, by whoever and wherever.
 * What happened while the network was away comes as well, which is why `replayed` events count.
 */
export function useFresh<Item>(path: string, types: Types): Fresh<Item> {
  const [items, setItems] = useState<readonly Item[]>();
  const [failed, setFailed] = useState<string>();
  const [round, setRound] = useState(0);
  const again = useCallback(() => setRound((before) => before + 1), []);
  useNotificationEvent(types, again, { replayed: true });
  useEffect(() => {
    let isLatest = true;
    ask<Item[]>("GET", path).then(
      (found) => {
        if (!isLatest) return;
        setItems(found);
        setFailed(undefined);
      },
      (error: unknown) => {
        if (isLatest) setFailed(error instanceof Error ? error.message : String(error));
      },
    );
    return () => {
      isLatest = false;
    };
  }, [path, round]);
  return { items, failed, again };
}
