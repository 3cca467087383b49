import { emptyDraft, type Draft } from "./draft.ts";

const KEY = "sio-server:draft";

/** What was written and not sent, a draft for each type, in the storage of this tab. */
export interface Drafts {
  read: (type: string) => Draft | null;
  keep: (draft: Draft) => void;
  /** The type that was written last. */
  last: () => string | null;
}

/** `owner`: whoever is signed in; nobody else finds these. */
export function createDrafts(owner: string, storage: Pick<Storage, "getItem" | "setItem"> = sessionStorage): Drafts {
  const nameOf = (type: string) => `${KEY}:${owner}:${type}`;
  const lastName = `${KEY}:${owner}`;

  return {
    read(type) {
      try {
        const kept = JSON.parse(storage.getItem(nameOf(type)) ?? "null") as Partial<Draft> | null;
        return kept === null ? null : { ...emptyDraft(type), ...kept, type };
      } catch {
        return null; // no storage, or nothing of ours
      }
    },
    keep(draft) {
      try {
        storage.setItem(nameOf(draft.type), JSON.stringify(draft));
        storage.setItem(lastName, draft.type);
      } catch {
        // It lasts until one leaves the section.
      }
    },
    last() {
      try {
        return storage.getItem(lastName);
      } catch {
        return null;
      }
    },
  };
}
