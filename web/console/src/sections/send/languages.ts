import type { EventType, NotificationRecord, PublishBody } from "../../api/records.ts";
import type { Draft, DraftText } from "./draft.ts";

type Texts = NonNullable<PublishBody["texts"]>;

/** A tag in the form of RFC 5646 §2.1, as the server takes it. */
const TAG = /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,8}$/;

/** What the server takes (`schemas/extras`). */
export const MOST_LANGUAGES = 20;

/** A tag in its usual spelling, `pt-BR`; null for what is none. */
export function tagOf(text: string): string | null {
  const tag = text.trim();
  if (!TAG.test(tag)) return null;
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? tag;
  } catch {
    return tag; // well formed for the server, with a part that browsers do not know
  }
}

/** The languages that texts are likely to be in: those of the catalogue, and those of the console itself. */
export function languagesOf(catalog: readonly EventType[]): string[] {
  const tags = catalog.flatMap(({ title, message }) => [...Object.keys(message), ...Object.keys(title)]);
  return [...new Set([...tags, "es", "en"])].sort();
}

/** The texts that a request names, without what was left empty; undefined where there are none. */
export function textsOf(texts: readonly DraftText[]): Texts | undefined {
  const named = texts.flatMap(({ tag, title, message }) => {
    const said = { ...(title.trim() !== "" && { title }), ...(message.trim() !== "" && { message }) };
    return Object.keys(said).length === 0 ? [] : [[tag, said] as const];
  });
  return named.length === 0 ? undefined : Object.fromEntries(named);
}

/** What a published notification says in other languages. */
export function draftTextsOf({ texts = {} }: NotificationRecord): DraftText[] {
  return Object.entries(texts).flatMap(([tag, { title, message }]) => {
    const text = (value: unknown) => (typeof value === "string" ? value : "");
    return text(title) + text(message) === "" ? [] : [{ tag, title: text(title), message: text(message) }];
  });
}

/** Whether a draft says anything in a language of its own; else its readers get what is said in the server's. */
export function isSaidIn(tag: string, draft: Draft, kind: EventType | undefined): boolean {
  const own = draft.texts.find((one) => one.tag === tag);
  if (own !== undefined && (own.title + own.message).trim() !== "") return true;
  return draft.message.trim() === "" && kind !== undefined && tag in kind.message;
}
