import { useEffect, useState, type ReactNode } from "react";
import { useSession } from "../session/SessionContext.ts";
import { Waiting } from "../shell/Waiting.tsx";
import { createFeed } from "./feed.ts";
import { LiveContext, type Live } from "./LiveContext.ts";
import { reviveWith } from "./revive.ts";
import { createSampler } from "./sampler.ts";
import { createKitLink } from "./kitLink.ts";

/** Opens the connection of the session and what hangs on it, and closes them with it. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const session = useSession();
  const [live, setLive] = useState<Live | null>(null);

  useEffect(() => {
    const link = createKitLink(session);
    const feed = createFeed(session.api, link);
    const opened: Live = { link, feed, sampler: createSampler(session.api) };
    const stopReviving = reviveWith(opened);
    link.open();
    // Made in an effect, as it opens a socket: nothing of it may happen in a render that is thrown away.
    // eslint-disable-next-line react-hooks/set-state-in-effect
    setLive(opened);
    return () => {
      stopReviving();
      opened.feed.close();
      opened.sampler.close();
      link.close();
    };
  }, [session]);

  return live === null ? <Waiting /> : <LiveContext value={live}>{children}</LiveContext>;
}
