import { createTimer } from "./timers.ts";

// Acknowledgements of what arrived go out together, this many milliseconds' worth at a time.
const ACK_EVERY_MS = 1_000;

/** Tells the server now and then how far everything has arrived; `send` says whether that was possible. */
export function createAcks(send: (seq: number) => boolean) {
  let received = 0;
  let acknowledged = 0;
  const timer = createTimer();

  function flush(): void {
    timer.clear();
    if (received > acknowledged && send(received)) acknowledged = received;
  }

  return {
    flush,
    /** How far everything has arrived on this connection. */
    received: (): number => received,
    /** In order on one connection, so the highest is the highest without a gap. */
    take: (seq: number): void => {
      if (seq > received) received = seq;
      if (!timer.isSet()) timer.set(ACK_EVERY_MS, flush);
    },
    /** A connection begins. */
    begin: (): void => {
      received = acknowledged = 0;
    },
  };
}
