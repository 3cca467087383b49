import { guarded } from "./guard.ts";

type Handler = (body: unknown) => void;

/** Those who want to know of control events (`ns:…`), which the kit itself may know nothing of. */
export function createControls() {
  const entries = new Set<{ event: string; call: Handler }>();
  return {
    on: (event: string, call: Handler): (() => void) => {
      const entry = { event, call };
      entries.add(entry);
      return () => void entries.delete(entry);
    },
    tell: (event: string, body: unknown): void => {
      for (const entry of [...entries]) {
        if (entry.event === event) guarded(entry.call, body);
      }
    },
  };
}
