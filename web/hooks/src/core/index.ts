export type { EventMap, ListenEvents } from "./events.gen.ts";
export type { Handler, OnOptions } from "./handlers.ts";
export type { List } from "./lists.ts";
export { safeLink } from "./links.ts";
export { createNotifier, type Notifier } from "./notifier.ts";
export { acquire, keyOf, type Lease, peek } from "./registry.ts";
export * from "./types.ts";
