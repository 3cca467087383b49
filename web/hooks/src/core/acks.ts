// Acknowledgements of what arrived go out together, this many milliseconds' worth at a time.
const ACK_EVERY_MS = 1_000;

/** Tells the server now and then how far everything has arrived; `send` says whether that was possible. */
export function createAcks(send: (seq: number) => boolean) {
  let received = 0;
  let acknowledged = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (received > acknowledged && send(received)) acknowledged = received;
  }

  return {
    flush,
    /** In order on one connection, so the highest is the highest without a gap. */
    take: (seq: number): void => {
      received = Math.max(received, seq);
      timer ??= setTimeout(flush, ACK_EVERY_MS);
    },
    /** A connection begins. */
    begin: (): void => {
      received = acknowledged = 0;
    },
  };
}
