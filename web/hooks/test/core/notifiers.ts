// Notifiers of one test file: each has a connection to itself, and none outlives its test.
import { afterEach, vi } from "vitest";
import { createNotifier, type Notifier } from "../../src/core/notifier.ts";
import type { NotifierOptions } from "../../src/core/types.ts";

const open = new Set<Notifier>();

export function prepare(options: NotifierOptions): Notifier {
  const notifier = createNotifier({ tabs: "own", ...options });
  open.add(notifier);
  return notifier;
}

export function connect(options: NotifierOptions): Notifier {
  const notifier = prepare(options);
  notifier.start();
  return notifier;
}

afterEach(() => {
  for (const notifier of open) notifier.close();
  open.clear();
});

/** From here to the end of a test that restores its mocks, waits that are drawn at random are the shortest. */
export const shortest = (): void => void vi.spyOn(Math, "random").mockReturnValue(0);
