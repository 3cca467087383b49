import { useState } from "react";
import { useTranslation } from "react-i18next";
import { visibleText } from "./visibleText.ts";

/** Members shown of one object or list; a payload may hold thousands. */
const MOST = 200;

interface NodeProps {
  name: string | null;
  value: unknown;
  open: boolean;
}

/** A payload as text, folded where it is deep; nothing of it is ever taken for HTML. */
export function JsonTree({ value }: { value: unknown }) {
  const { t } = useTranslation();
  return (
    <ul className="tree" aria-label={t("json.tree")}>
      <Node name={null} value={value} open />
    </ul>
  );
}

function Node({ name, value, open }: NodeProps) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(open);
  const label = name === null ? null : <span className="name">{visibleText(name)}: </span>;
  if (typeof value !== "object" || value === null) {
    return (
      <li>
        {label}
        <Scalar value={value} />
      </li>
    );
  }
  const isList = Array.isArray(value);
  const members = Object.entries(value as Record<string, unknown>);
  const left = isList ? "[" : "{";
  const right = isList ? "]" : "}";
  if (members.length === 0) {
    return (
      <li>
        {label}
        {left}
        {right}
      </li>
    );
  }
  const text = name ?? (isList ? "[ ]" : "{ }");
  return (
    <li>
      <button
        type="button"
        aria-expanded={isOpen}
        aria-label={t(isOpen ? "json.collapse" : "json.expand", { name: text })}
        onClick={() => {
          setOpen(!isOpen);
        }}
      >
        <span aria-hidden>{isOpen ? "▾ " : "▸ "}</span>
        {label}
        {left}
        {isOpen ? "" : ` ${t("json.items", { count: members.length })} ${right}`}
      </button>
      {isOpen ? (
        <>
          <ul className="tree">
            {members.slice(0, MOST).map(([member, inner]) => (
              <Node key={member} name={member} value={inner} open={members.length <= 12} />
            ))}
            {members.length > MOST ? <li>… {t("json.items", { count: members.length - MOST })}</li> : null}
          </ul>
          {right}
        </>
      ) : null}
    </li>
  );
}

function Scalar({ value }: { value: unknown }) {
  if (typeof value === "string") return <bdi className="text">{visibleText(JSON.stringify(value))}</bdi>;
  if (typeof value === "number") return <span className="number">{String(value)}</span>;
  return <span className="word">{String(value)}</span>;
}
