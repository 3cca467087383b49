import { createNotifier, type Notifier } from "./notifier.ts";
import { createTimer } from "./timers.ts";
import type { NotifierOptions } from "./types.ts";

// React's StrictMode, a route change or a hot update takes a page apart and puts it together again at once.
const LINGER_MS = 1_000;

interface Shared {
  notifier: Notifier;
  url: string;
  leases: number;
  lingering: ReturnType<typeof createTimer>;
}

export interface Lease {
  notifier: Notifier;
  release: () => void;
}

// On the global object, so that a hot update and two copies of this module (microfrontends) find the same connection.
// The number is the version of `Shared` and of `Notifier`: copies that differ in it do not share.
const KEY: unique symbol = Symbol.for("sio-server.notifiers.2");

function registry(): Map<string, Shared> {
  const holder = globalThis as unknown as Record<typeof KEY, Map<string, Shared> | undefined>;
  return (holder[KEY] ??= new Map<string, Shared>());
}

/** What makes a connection another one: where, and who. */
export function keyOf({ url = "", user, identity }: NotifierOptions): string {
  const { user: stated, role, topics } = identity ?? {};
  return JSON.stringify([url, user, stated, role, topics]);
}

export function peek(key: string): Notifier | undefined {
  return registry().get(key)?.notifier;
}

/** The notifier of these options, started; it ends when nobody has needed it for a moment. */
export function acquire(options: NotifierOptions): Lease {
  const all = registry();
  const key = keyOf(options);
  const { url = "" } = options;
  // Whoever was here before on the same server, and is needed no more, has left: nothing of them lingers.
  for (const [other, shared] of all) if (other !== key && shared.url === url && !shared.leases) end(other, shared);
  let shared = all.get(key);
  if (!shared) all.set(key, (shared = { notifier: createNotifier(options), url, leases: 0, lingering: createTimer() }));
  const mine = shared;
  mine.lingering.clear();
  mine.leases++;
  mine.notifier.update(options);
  mine.notifier.start();
  let released = false;
  return {
    notifier: mine.notifier,
    release: () => {
      if (released) return;
      released = true;
      if (--mine.leases > 0) return;
      mine.lingering.set(LINGER_MS, () => {
        end(key, mine);
      });
    },
  };
}

function end(key: string, { notifier, lingering }: Shared): void {
  lingering.clear();
  registry().delete(key);
  notifier.close();
}
