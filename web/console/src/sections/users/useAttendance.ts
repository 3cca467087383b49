import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useLink, useLive } from "../../live/LiveContext.ts";

/** Held by each tab that watches. All tabs share one connection: the last one that leaves ends it. */
const LOCK = "sio-server:attendance";

/** While it is on the screen: whoever comes or goes has what is known of that asked for anew. */
export function useAttendance(): void {
  const { link } = useLive();
  const queries = useQueryClient();
  const isConnected = useLink().status === "connected";

  useEffect(() => {
    if (!isConnected) return;
    const renew = () => {
      for (const path of ["/v1/presence", "/v1/users"]) void queries.invalidateQueries({ queryKey: [path] });
    };
    const stop = link.on("ns:presence", renew);
    const leave = hold();
    // Who came between the list and this is in the list that is asked for now.
    link.request("ns:presence", { wanted: true }).then(renew, () => undefined);
    return () => {
      stop();
      void leave().then((isLast) => {
        if (isLast) link.request("ns:presence", { wanted: false }).catch(() => undefined);
      });
    };
  }, [link, queries, isConnected]);
}

/** Has the lock, together with others, until what it returns is called; that tells whether nobody has it now. */
function hold(): () => Promise<boolean> {
  // Pages that are neither https nor of this machine have no locks, and a connection for each tab.
  const locks = "locks" in navigator ? navigator.locks : null;
  if (locks === null) return () => Promise.resolve(true);
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const ended = locks.request(LOCK, { mode: "shared" }, () => held);
  return async () => {
    release();
    await ended;
    return !(await locks.query()).held?.some(({ name }) => name === LOCK);
  };
}
