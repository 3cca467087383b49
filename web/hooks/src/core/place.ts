import type { NotifierOptions } from "./types.ts";

/** The position up to which everything has come; kept over a reload, if the application has somewhere to keep it. */
export function createPlace(storage: () => NotifierOptions["storage"]) {
  let name = "";
  let cursor: string | undefined;
  return {
    cursor: (): string | undefined => cursor,
    keep: (position: string): void => {
      cursor = position;
      storage()?.setItem(name, position);
    },
    /** Where to start, if nothing has come yet. */
    begin: (position: string): void => void (cursor ??= position),
    /** From now on it is kept under this name; where it was before the reload, if nothing has come yet. */
    restore: (kept: string): void => {
      name = kept;
      cursor ??= storage()?.getItem(name) ?? undefined;
    },
    forget: (): void => {
      storage()?.removeItem(name);
      cursor = undefined;
    },
  };
}

export type Place = ReturnType<typeof createPlace>;
