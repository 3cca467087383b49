import { guarded } from "./guard.ts";
import type { AnyEnvelope, AnyNotification, EventName, Events } from "./types.ts";

export type Handler<Name extends EventName = EventName> = (notification: Events[Name]) => void;

export interface OnOptions {
  /** Also for what comes again from the log after an interruption. Default: false. */
  replayed?: boolean | undefined;
}

// Notifications that are known to have come, by id: more than any server sends twice.
const REMEMBERED = 2_000;

/** Those who want to know of each notification, once. */
export function createHandlers() {
  interface Entry {
    names: readonly string[];
    call: (notification: never) => void;
    replayed: boolean;
  }
  const entries = new Set<Entry>();
  const recent = new Set<string>();

  function on(names: "*", call: (notification: AnyNotification) => void, options?: OnOptions): () => void;
  function on<Name extends EventName>(
    names: Name | readonly Name[],
    call: Handler<Name>,
    options?: OnOptions,
  ): () => void;
  function on(names: string | readonly string[], call: Entry["call"], options: OnOptions = {}): () => void {
    const entry = { names: typeof names === "string" ? [names] : names, call, replayed: options.replayed === true };
    entries.add(entry);
    return () => void entries.delete(entry);
  }

  return {
    on,
    /** False when it has come before. */
    isNew: (id: string): boolean => {
      if (recent.has(id)) return false;
      recent.add(id);
      if (recent.size > REMEMBERED) for (const oldest of recent) return recent.delete(oldest);
      return true;
    },
    tell: (notification: AnyEnvelope): void => {
      for (const { names, call, replayed } of [...entries]) {
        if ((notification.replayed && !replayed) || !(names.includes("*") || names.includes(notification.type)))
          continue;
        guarded(call, notification as never);
      }
    },
    forget: () => {
      recent.clear();
    },
  };
}
