import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormats } from "../../i18n/formats.ts";
import { boundsOf, choices, resolved, typeOf, type OpenApi, type Schema } from "./openapi.ts";
import { Prose } from "./Prose.tsx";

interface SchemaTreeProps {
  document: OpenApi;
  schema: Schema;
  name: string;
}

/** The fields of an object, one below the other; those that are objects themselves open on demand. */
export function SchemaTree({ document, schema, name }: SchemaTreeProps) {
  const fields = fieldsOf(document, schema);
  if (fields.length === 0) {
    return (
      <p className="schema-leaf">
        <code className="schema-type">{typeOf(document, schema)}</code>
      </p>
    );
  }
  return (
    <ul className="schema" aria-label={name}>
      {fields.map((field) => (
        <Field key={field.name} document={document} {...field} />
      ))}
    </ul>
  );
}

interface FieldProps {
  document: OpenApi;
  name: string;
  schema: Schema;
  isRequired: boolean;
}

export function Field({ document, name, schema, isRequired }: FieldProps) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const inner = fieldsOf(document, schema);
  const label = (
    <>
      <b className="mono">{name}</b> <code className="schema-type">{typeOf(document, schema)}</code>
    </>
  );
  return (
    <li>
      <div className="schema-head">
        {inner.length === 0 ? (
          <span className="schema-name">{label}</span>
        ) : (
          <button
            type="button"
            className="schema-name schema-toggle"
            aria-expanded={isOpen}
            onClick={() => {
              setOpen(!isOpen);
            }}
          >
            <span aria-hidden>{isOpen ? "▾ " : "▸ "}</span>
            {label}
          </button>
        )}
        {isRequired ? <span className="schema-required">{t("reference.required")}</span> : null}
        <Bounds schema={schema} />
      </div>
      {schema.description === undefined ? null : (
        <p className="schema-about" lang="en">
          <Prose text={schema.description} />
        </p>
      )}
      <Values schema={schema} />
      {isOpen ? <SchemaTree document={document} schema={schema} name={name} /> : null}
    </li>
  );
}

function Values({ schema }: { schema: Schema }) {
  const { t } = useTranslation();
  const values = (schema.enum ?? []).filter((value) => typeof value === "string");
  const preset = schema.default ?? "";
  if (values.length === 0 && preset === "") return null;
  return (
    <p className="schema-about">
      {values.map((value) => (
        <code key={value} className="code-word">
          {value}
        </code>
      ))}
      {preset === "" ? null : (
        <>
          {" "}
          {t("reference.preset")} <code className="code-word">{JSON.stringify(preset)}</code>
        </>
      )}
    </p>
  );
}

function Bounds({ schema }: { schema: Schema }) {
  const { t } = useTranslation();
  const { whole } = useFormats();
  const bounds = boundsOf(schema);
  if (bounds === null) return null;
  const { kind, least, most } = bounds;
  const range =
    least === undefined
      ? `≤ ${whole(most ?? 0)}`
      : most === undefined
        ? `≥ ${whole(least)}`
        : `${whole(least)} – ${whole(most)}`;
  return (
    <span className="schema-bounds numbers">{kind === "value" ? range : t(`reference.bounds.${kind}`, { range })}</span>
  );
}

/** The members of an object, of a list's items, or of the one alternative that is not null. */
function fieldsOf(document: OpenApi, schema: Schema): Omit<FieldProps, "document">[] {
  return choices(schema).schemas.flatMap((one) => {
    const { schema: real } = resolved(document, one);
    const items = real.items === undefined ? null : resolved(document, real.items).schema;
    const object = items ?? real;
    const more = choices(object).schemas;
    if (object.properties === undefined && more[0] !== object)
      return more.flatMap((other) => fieldsOf(document, other));
    return Object.entries(object.properties ?? {}).map(([name, member]) => ({
      name,
      schema: member,
      isRequired: object.required?.includes(name) ?? false,
    }));
  });
}
