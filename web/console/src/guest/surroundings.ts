import { isFramed, toConsole, type Arrival, type ConsolePort } from "./port.ts";
import { layLine } from "./line.ts";

/** What this page's wire has brought, and how long each took. */
export interface Wire {
  getSnapshot: () => ReadonlyMap<string, number>;
  subscribe: (listener: () => void) => () => void;
}

export interface Surroundings {
  wire: Wire;
  /** Where the page is in a frame of the console. */
  framed: ConsolePort | null;
}

/** As many as are ever on a screen. */
const REMEMBERED = 200;

interface Hello {
  server_time: string;
}

interface Envelope {
  id: string;
  seq: number;
  type: string;
  timestamp: string;
  replayed: boolean;
}

/** In a frame, lays the page's line and tells the console around it what comes over it. */
function surround(): Surroundings {
  const listeners = new Set<() => void>();
  let delays: ReadonlyMap<string, number> = new Map();
  let ahead = 0; // milliseconds by which the server's clock is ahead of this one
  const port = isFramed() ? toConsole() : null;

  function arrivalOf({ id, seq, type, timestamp, replayed }: Envelope): Arrival {
    const ms = Math.max(0, Date.now() + ahead - Date.parse(timestamp));
    return { id, seq, type, replayed, ms: replayed ? null : ms };
  }

  function hear(event: string, body: unknown): void {
    if (event === "ns:hello") ahead = Math.max(0, Date.parse((body as Hello).server_time) - Date.now());
    if (event === "ns:sync") port?.say({ say: "synced" });
    if (event.startsWith("ns:")) return;
    const arrival = arrivalOf(body as Envelope);
    port?.say({ say: "arrival", arrival });
    if (arrival.ms === null) return;
    delays = new Map([...delays, [arrival.id, arrival.ms] as const].slice(-REMEMBERED));
    for (const listener of [...listeners]) listener();
  }

  if (port !== null) {
    const line = layLine(hear);
    port.hear((said) => {
      if (said.say === "line") line.set(said.isUp);
    });
  }
  return {
    framed: port,
    wire: {
      getSnapshot: () => delays,
      subscribe(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
  };
}

let made: Surroundings | undefined;

export function surroundings(): Surroundings {
  return (made ??= surround());
}
