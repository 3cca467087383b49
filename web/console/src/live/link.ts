import type { Acknowledgement } from "@sio-server/react/core";

/** The console's connection, whatever makes it. */
export type LinkStatus = "connecting" | "connected" | "reconnecting" | "refused";

export interface LinkSnapshot {
  status: LinkStatus;
  attempts: number;
  /** When the next attempt is due, in milliseconds since the epoch; null when none is planned. */
  retryAt: number | null;
  /** Since when there is no connection where there was one, in milliseconds since the epoch. */
  brokenAt: number | null;
  transport: string | null;
  /** Whether this tab holds the socket that all tabs share. */
  isLeader: boolean;
  error: string | null;
}

export interface Link {
  getSnapshot: () => LinkSnapshot;
  subscribe: (listener: () => void) => () => void;
  /** Sends an event and waits for its acknowledgement; rejects when none comes. */
  request: (event: string, body: unknown) => Promise<Acknowledgement>;
  /** Hears a control event (`ns:…`); returns how to stop. */
  on: (event: string, handler: (body: unknown) => void) => () => void;
  retryNow: () => void;
  open: () => void;
  close: () => void;
}
