"use client";

import { type ReactNode, useEffect, useState } from "react";
import type { ConnectionStatus } from "../core/types.ts";
import { useNotificationContext } from "./context.ts";
import { useConnectionStatus } from "./useConnectionStatus.ts";

const TROUBLE: readonly ConnectionStatus[] = ["offline", "reconnecting", "unauthorized"];

/** Says that the connection is gone, why, and when it is tried again; empty while all is well. */
export function ConnectionBanner(): ReactNode {
  const { labels } = useNotificationContext();
  const { status, retryAt, retryNow } = useConnectionStatus();
  const trouble = TROUBLE.includes(status);
  // The region is there from the start, or what it says would not be spoken.
  return (
    <div role="status" className="sio-banner" data-status={status} hidden={!trouble}>
      {trouble && (
        <>
          <span>{labels[status as "offline"]}</span> {retryAt !== undefined && <Countdown until={retryAt} />}{" "}
          <button type="button" onClick={retryNow}>
            {labels.retry}
          </button>
        </>
      )}
    </div>
  );
}

/** Not spoken: nobody wants to hear every second. */
function Countdown({ until }: { until: number }): ReactNode {
  const { labels } = useNotificationContext();
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      setNow(Date.now());
    }, 1_000);
    return () => {
      clearInterval(timer);
    };
  }, []);
  const seconds = Math.ceil((until - now) / 1_000);
  return <span aria-hidden="true">{seconds > 0 ? labels.inSeconds(seconds) : ""}</span>;
}
