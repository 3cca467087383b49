"use client";

import { useEffect } from "react";
import type { News } from "../core/wire.ts";
import { useNotifier } from "./context.ts";
import { useCurrent } from "./useCurrent.ts";

/** Calls the handler of the latest render for each control event of this name. */
export function useControl<Event extends News["event"]>(
  event: Event,
  handler: (body: (News & { event: Event })["body"]) => void,
): void {
  const notifier = useNotifier();
  const latest = useCurrent(handler);
  useEffect(
    () =>
      notifier?.onControl(event, (body) => {
        (latest.current as (body: unknown) => void)(body);
      }),
    [notifier, event, latest],
  );
}
