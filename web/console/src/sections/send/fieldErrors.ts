import { useTranslation } from "react-i18next";
import type { FieldProblem } from "../../api/records.ts";
import type { Draft, Problem, Problems } from "./draft.ts";

/** What the server refused, and the draft that it refused: a field that has changed since is not wrong any more. */
export interface Refused {
  draft: Draft;
  problems: readonly FieldProblem[];
}

export type ErrorOf = (field: string) => string | null;

interface Known {
  draft: Draft;
  problems: Problems;
  refused: Refused | null;
  /** Fields that an audience needs, once somebody has been told so. */
  needed: readonly string[];
  /** Fields of the type; others of `data` are in one input. */
  fields: readonly string[];
}

/** What is wrong with a field of the request, by the server's name for it: `title`, `data.usuario_id`, `audience`. */
export function useErrors({ draft, problems, refused, needed, fields }: Known): ErrorOf {
  const { t } = useTranslation();
  const texts: Record<Problem, string> = {
    integer: t("send.invalidInteger"),
    number: t("send.invalidNumber"),
    json: t("send.invalidJson"),
    object: t("send.extraInvalid"),
    date: t("send.invalidDate"),
    link: t("send.linkInvalid"),
    moment: t("history.dateInvalid"),
  };

  return (field) => {
    const problem = problems[field];
    if (problem !== undefined) return texts[problem];
    const name = field.startsWith("data.") ? field.slice("data.".length) : null;
    if (name !== null && needed.includes(name) && (draft.fields[name] ?? "").trim() === "") return t("send.neededHere");
    if (refused === null || valueAt(draft, field) !== valueAt(refused.draft, field)) return null;
    return refused.problems.find((one) => inputOf(one.field, fields) === field)?.detail ?? null;
  };
}

/** The input in which a refused field stands. */
function inputOf(field: string, fields: readonly string[]): string {
  const [first = "", second = ""] = field.split(".");
  if (first === "texts") return field;
  if (first === "data") return fields.includes(second) ? `data.${second}` : "data";
  return first;
}

function valueAt(draft: Draft, field: string): string {
  if (field === "data") return draft.extra;
  if (field.startsWith("data.")) return draft.fields[field.slice("data.".length)] ?? "";
  if (field === "idempotency_key") return draft.key;
  if (field.startsWith("texts.")) {
    const [, tag, member] = field.split(".");
    const text = draft.texts.find((one) => one.tag === tag);
    return JSON.stringify(member === "title" || member === "message" ? text?.[member] : text);
  }
  if (field === "audience")
    return JSON.stringify([draft.audience, draft.all, draft.roles, draft.users, draft.topics, draft.except]);
  const value: unknown = draft[field as keyof Draft];
  return typeof value === "string" ? value : JSON.stringify(value);
}
