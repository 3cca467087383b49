import type { AnyEnvelope } from "../core/types.ts";

// Long enough to know which one it is, short enough to be heard before each button.
const NAME_LENGTH = 60;

/** What stands first: the title, and where there is none, the message. */
export function headingOf({ title, message }: Pick<AnyEnvelope, "title" | "message">): string {
  return title?.trim() ? title : message;
}

/** The beginning of a text in one line, to name something by. */
export function short(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > NAME_LENGTH ? `${line.slice(0, NAME_LENGTH)}…` : line;
}
