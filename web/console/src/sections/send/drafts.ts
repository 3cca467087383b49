import { emptyDraft, type Draft } from "./draft.ts";

const KEY = "sio-server:draft";

/** What was written and not sent, a draft for each type, in the storage of this tab. */
export interface Drafts {
  read: (type: string) => Draft | null;
  keep: (draft: Draft) => void;
  /** The type that was written last. */
  last: () => string | null;
}

/** Forgets what anybody wrote in this tab: whoever signs out may leave the machine to others. */
export function forgetDrafts(): void {
  try {
    const storage = sessionStorage;
    const names = Array.from({ length: storage.length }, (_, index) => storage.key(index));
    for (const name of names) if (name?.startsWith(KEY)) storage.removeItem(name);
  } catch {
    // No storage holds none.
  }
}

/** `owner`: whoever is signed in; nobody else finds these. */
export function createDrafts(owner: string, storage?: Pick<Storage, "getItem" | "setItem">): Drafts {
  // Asked for each time: a browser may refuse the storage itself.
  const kept = () => storage ?? sessionStorage;
  const nameOf = (type: string) => `${KEY}:${owner}:${type}`;
  const lastName = `${KEY}:${owner}`;

  return {
    read(type) {
      try {
        const written = JSON.parse(kept().getItem(nameOf(type)) ?? "null") as Partial<Draft> | null;
        return written === null ? null : { ...emptyDraft(type), ...written, type };
      } catch {
        return null; // no storage, or nothing of ours
      }
    },
    keep(draft) {
      try {
        kept().setItem(nameOf(draft.type), JSON.stringify(draft));
        kept().setItem(lastName, draft.type);
      } catch {
        // It lasts until one leaves the section.
      }
    },
    last() {
      try {
        return kept().getItem(lastName);
      } catch {
        return null;
      }
    },
  };
}
