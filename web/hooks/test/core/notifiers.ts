// Notifiers of one test file: each has a connection to itself, and none outlives its test.
import { afterEach, expect, vi } from "vitest";
import { createNotifier, type Notifier } from "../../src/core/notifier.ts";
import type { NotifierOptions } from "../../src/core/types.ts";
import type { Server } from "../server.ts";

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

/** Waits for what a network makes late. */
export const until = async (check: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 120_000, interval: 20 });

/** Waits until it is connected, by this transport if one is named. */
export const connected = (notifier: Notifier, transport?: string): Promise<void> =>
  until(() => {
    expect(notifier.getState().connection).toMatchObject({ status: "connected", ...(transport && { transport }) });
  });

/** Publishes to the user, and waits until the notifier has it and nothing else. */
export async function hears(server: Server, notifier: Notifier, user: string): Promise<void> {
  const heard: string[] = [];
  notifier.on("*", ({ message }) => void heard.push(message));
  await server.publish(user);
  await until(() => {
    expect(heard).toEqual(["Hola"]);
  });
}
