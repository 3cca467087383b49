"use client";

import { useEffect, useInsertionEffect, useRef } from "react";
import type { OnOptions } from "../core/handlers.ts";
import type { AnyNotification, EventName, Events } from "../core/types.ts";
import { useNotifier } from "./context.ts";

/**
 * Calls `handler` for each notification of these types as it happens. It may be a new function in each render: the
 * latest is called. What is replayed after an interruption comes only with `replayed: true`.
 */
export function useNotificationEvent(
  type: "*",
  handler: (notification: AnyNotification) => void,
  options?: OnOptions,
): void;
export function useNotificationEvent<Name extends EventName>(
  type: Name | readonly Name[],
  handler: (notification: Events[Name]) => void,
  options?: OnOptions,
): void;
export function useNotificationEvent(
  type: string | readonly string[],
  handler: (notification: never) => void,
  { replayed = false }: OnOptions = {},
): void {
  const notifier = useNotifier();
  const latest = useRef(handler);
  useInsertionEffect(() => {
    latest.current = handler;
  });
  const names = JSON.stringify(type);
  useEffect(
    () =>
      notifier?.on(
        JSON.parse(names) as EventName,
        (notification) => {
          latest.current(notification as never);
        },
        { replayed },
      ),
    [notifier, names, replayed],
  );
}
