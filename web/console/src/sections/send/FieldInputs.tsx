import { JsonInput, Select, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { EventType, FieldKind } from "../../api/records.ts";
import { exampleOf } from "../catalog/example.ts";
import { namesNeeded, textOf, type Draft } from "./draft.ts";
import type { ErrorOf } from "./fieldErrors.ts";

interface FieldInputsProps {
  kind: EventType | undefined;
  draft: Draft;
  errorOf: ErrorOf;
  onChange: (part: Partial<Draft>) => void;
}

/** An input for each field that the catalogue knows, and one for what it does not. */
export function FieldInputs({ kind, draft, errorOf, onChange }: FieldInputsProps) {
  const { t } = useTranslation();
  const fields = Object.entries(kind?.data ?? {});
  const needed = kind === undefined || draft.audience === "custom" ? [] : namesNeeded(kind);
  const examples = kind === undefined ? {} : exampleOf(kind).data;

  function set(name: string, value: string) {
    onChange({ fields: { ...draft.fields, [name]: value } });
  }

  return (
    <Stack gap="sm">
      {fields.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t("send.noFields")}
        </Text>
      ) : null}
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
        {fields.map(([name, field]) => (
          <Field
            key={name}
            name={name}
            kind={field}
            value={draft.fields[name] ?? ""}
            example={textOf(examples[name])}
            isNeeded={needed.includes(name)}
            error={errorOf(`data.${name}`)}
            onChange={set}
          />
        ))}
      </SimpleGrid>
      <JsonInput
        label={t("send.extra")}
        placeholder={'{ "canal": "web" }'}
        description={t("send.extraHint")}
        value={draft.extra}
        error={errorOf("data")}
        inputWrapperOrder={["label", "input", "error", "description"]}
        formatOnBlur
        autosize
        minRows={1}
        maxRows={10}
        classNames={{ input: "mono" }}
        onChange={(extra) => {
          onChange({ extra });
        }}
      />
    </Stack>
  );
}

interface FieldProps {
  name: string;
  kind: FieldKind;
  value: string;
  example: string;
  /** Whether a part of the audience is known by it. */
  isNeeded: boolean;
  error: string | null;
  onChange: (name: string, value: string) => void;
}

function Field({ name, kind, value, example, isNeeded, error, onChange }: FieldProps) {
  const { t } = useTranslation();
  const said = t(`catalog.kinds.${kind}`);
  const label: ReactNode = (
    <>
      <span className="mono">{name}</span>
      {said === name ? null : <span className="kind"> {said}</span>}
    </>
  );
  const shared = {
    label,
    error,
    withAsterisk: isNeeded,
    ...(isNeeded ? { description: t("send.required") } : {}),
    inputWrapperOrder: ["label", "input", "error", "description"] as ("label" | "input" | "error" | "description")[],
  };
  if (kind === "boolean") {
    return (
      <Select
        {...shared}
        clearable
        placeholder={t("send.unset")}
        data={[
          { value: "true", label: t("send.yes") },
          { value: "false", label: t("send.no") },
        ]}
        value={value === "" ? null : value}
        onChange={(chosen) => {
          onChange(name, chosen ?? "");
        }}
      />
    );
  }
  if (kind === "object" || kind === "array") {
    return (
      <JsonInput
        {...shared}
        autosize
        minRows={1}
        maxRows={8}
        value={value}
        placeholder={kind === "array" ? "[ ]" : "{ }"}
        classNames={{ input: "mono" }}
        onChange={(text) => {
          onChange(name, text);
        }}
      />
    );
  }
  return (
    <TextInput
      {...shared}
      placeholder={example}
      inputMode={kind === "integer" ? "numeric" : kind === "number" ? "decimal" : "text"}
      value={value}
      onChange={(event) => {
        onChange(name, event.currentTarget.value);
      }}
    />
  );
}
