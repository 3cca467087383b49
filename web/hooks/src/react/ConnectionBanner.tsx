"use client";

import { type FocusEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { every } from "../core/timers.ts";
import type { ConnectionStatus } from "../core/types.ts";
import { useLabels } from "./useLabels.ts";
import { Icon } from "./icons.tsx";
import { classOf, type Styling } from "./slots.ts";
import { useConnectionStatus } from "./useConnectionStatus.ts";

export type ConnectionBannerProps = Styling;

const TROUBLE: readonly ConnectionStatus[] = ["offline", "reconnecting", "unauthorized"];

/** What the text of the status itself says well enough. */
const SAID = new Set(["network", "unauthorized", "invalid_token", "token_expired", "token_revoked"]);

/** Says that the connection is gone, why, and when it is tried again; empty while all is well. */
export function ConnectionBanner({ className, style, ...given }: ConnectionBannerProps): ReactNode {
  const labels = useLabels();
  const { status, error, retryAt, retryNow } = useConnectionStatus();
  const trouble = TROUBLE.includes(status);
  const why = status !== "offline" && error && !SAID.has(error.code) ? error.text : undefined;
  const cameFrom = useReturn(trouble);
  // The region is there from the start, or what it says would not be spoken.
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- it only remembers where the focus came from
    <div
      role="status"
      className={classOf("banner", given, className)}
      style={style}
      data-status={status}
      hidden={!trouble}
      onFocus={cameFrom}
    >
      {trouble && (
        <>
          <Icon name={status === "unauthorized" ? "alert" : "offline"} size={18} />
          <span className={classOf("bannerText", given)}>
            {why ?? labels[status as "offline"]} {retryAt !== undefined && <Countdown until={retryAt} />}
          </span>
          <button type="button" className={classOf("retry", given)} onClick={retryNow}>
            {labels.retry}
          </button>
        </>
      )}
    </div>
  );
}

/** Gives the focus back to where it came from when what had it goes away with the trouble. */
function useReturn(trouble: boolean): (event: FocusEvent) => void {
  const before = useRef<Element>(null);
  useEffect(() => {
    if (trouble) return;
    if (before.current instanceof HTMLElement && document.activeElement === document.body) before.current.focus();
    before.current = null;
  }, [trouble]);
  return ({ currentTarget, relatedTarget }) => {
    if (relatedTarget instanceof Element && !currentTarget.contains(relatedTarget)) before.current = relatedTarget;
  };
}

/** Not spoken: nobody wants to hear every second. */
function Countdown({ until }: { until: number }): ReactNode {
  const labels = useLabels();
  const [now, setNow] = useState(() => Date.now());
  useEffect(
    () =>
      every(1_000, () => {
        setNow(Date.now());
      }),
    [],
  );
  const seconds = Math.ceil((until - now) / 1_000);
  return <span aria-hidden="true">{seconds > 0 ? labels.inSeconds(seconds) : ""}</span>;
}
