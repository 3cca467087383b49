import type { Language } from "../i18n/index.ts";

/** Whose screen it is: an administrator's desk, or a tourist's phone. */
export type Stand = "desk" | "phone";

/** A notification as it came over the wire, whatever the kit makes of it. */
export interface Arrival {
  id: string;
  seq: number;
  type: string;
  replayed: boolean;
  /** Milliseconds from the server to here; null for one that waited in the log. */
  ms: number | null;
}

/** What a guest's page in a frame says to the console around it. */
export type GuestSays =
  | { say: "status"; isConnected: boolean }
  | { say: "arrival"; arrival: Arrival }
  /** A replay has ended: what was missed has come, or never will. */
  | { say: "synced" }
  | { say: "book" }
  /** The token runs out: another pass is needed. */
  | { say: "pass" };

/** And what the console says to it. */
export type ConsoleSays =
  | { say: "look"; language: Language; scheme: "light" | "dark" }
  | { say: "line"; isUp: boolean }
  | { say: "pass"; pass: string | null }
  | { say: "booked"; isAccepted: boolean };

/** The first thing a framed page says, with a port for all the rest. */
const GREETING = "sio-server.guest";

export const isFramed = (): boolean => window.parent !== window;

export interface ConsolePort {
  say: (said: GuestSays) => void;
  hear: (handler: (said: ConsoleSays) => void) => () => void;
}

/** The way to the console around this page. */
export function toConsole(): ConsolePort {
  const { port1, port2 } = new MessageChannel();
  const handlers = new Set<(said: ConsoleSays) => void>();
  port1.onmessage = ({ data }: MessageEvent<ConsoleSays>) => {
    for (const handler of [...handlers]) handler(data);
  };
  window.parent.postMessage(GREETING, window.location.origin, [port2]);
  return {
    say: (said) => {
      port1.postMessage(said);
    },
    hear: (handler) => {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
  };
}

/** The way to the page in a frame, once it has greeted; returns how to stop waiting for it. */
export function fromFrame(frame: HTMLIFrameElement, greeted: (port: MessagePort) => void): () => void {
  const listen = ({ data, source, origin, ports: [port] }: MessageEvent<unknown>) => {
    const isIts = source === frame.contentWindow && origin === window.location.origin;
    if (isIts && data === GREETING && port !== undefined) greeted(port);
  };
  window.addEventListener("message", listen);
  return () => {
    window.removeEventListener("message", listen);
  };
}
