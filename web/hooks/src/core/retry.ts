// The first failure waits up to a second, the sixth and later ones up to half a minute.
const BASE_MS = 1_000;
const CAP_MS = 30_000;

// A server that refuses at once must not be asked in a tight loop.
const LEAST_MS = 100;

/**
 * Milliseconds to wait after so many failures in a row: exponential, anywhere between nothing and the most, so that
 * ten thousand clients of a server that restarts do not come back in the same instant.
 */
export function retryDelay(failures: number): number {
  const most = Math.min(CAP_MS, BASE_MS * 2 ** failures);
  return LEAST_MS + Math.random() * (most - LEAST_MS);
}
