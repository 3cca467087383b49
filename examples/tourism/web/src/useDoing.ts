import { useState } from "react";

/** One thing at a time, and why the last one failed. */
export function useDoing(): {
  isBusy: boolean;
  failed: string | undefined;
  run: (work: () => Promise<unknown>) => void;
} {
  const [isBusy, setBusy] = useState(false);
  const [failed, setFailed] = useState<string>();
  const run = (work: () => Promise<unknown>): void => {
    if (isBusy) return;
    setBusy(true);
    setFailed(undefined);
    work()
      .catch((error: unknown) => setFailed(error instanceof Error ? error.message : String(error)))
      .finally(() => setBusy(false));
  };
  return { isBusy, failed, run };
}
