import { advise } from "./advice.ts";
import { tolerate } from "./guard.ts";
import type { NotifierOptions, PlaceStorage } from "./types.ts";

// The server refuses longer ones. Whatever else is kept under the name is nothing of ours.
const CURSOR = /^[\w-]{1,64}$/;

/** The position up to which everything has come; kept over a reload, if the application has somewhere to keep it. */
export function createPlace(option: () => NotifierOptions["storage"]) {
  let name = "";
  let cursor: string | undefined;

  /** Storage that is full, or switched off, costs the place and nothing else. */
  function stored(use: (storage: PlaceStorage | null | undefined) => unknown): void {
    tolerate(
      () => {
        const found = option();
        return use(found === "local" ? localStorage : found === "session" ? sessionStorage : found);
      },
      () => {
        advise("storage_failed");
      },
    );
  }

  return {
    cursor: (): string | undefined => cursor,
    keep: (position: string): void => {
      cursor = position;
      stored((storage) => storage?.setItem(name, position));
    },
    /** Where to start, if nothing has come yet. */
    begin: (position: string): void => void (cursor ??= position),
    /** From now on it is kept under this name; where it was before the reload, if nothing has come yet. */
    restore: (kept: string): void => {
      name = kept;
      stored((storage) => {
        const found: unknown = storage?.getItem(name);
        if (typeof found === "string" && CURSOR.test(found)) cursor ??= found;
        return found;
      });
    },
    forget: (): void => {
      stored((storage) => storage?.removeItem(name));
      cursor = undefined;
    },
  };
}

export type Place = ReturnType<typeof createPlace>;
