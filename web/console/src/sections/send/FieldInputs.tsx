import { JsonInput, Select, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { EventType, FieldKind } from "../../api/records.ts";
import { namesNeeded, type Draft, type Problem, type Problems } from "./draft.ts";

interface FieldInputsProps {
  kind: EventType | undefined;
  draft: Draft;
  problems: Problems;
  problemText: (problem: Problem | undefined) => string | null;
  onChange: (part: Partial<Draft>) => void;
}

/** An input for each field that the catalogue knows, and one for what it does not. */
export function FieldInputs({ kind, draft, problems, problemText, onChange }: FieldInputsProps) {
  const { t } = useTranslation();
  const fields = Object.entries(kind?.data ?? {});
  const needed = kind === undefined || draft.audience === "custom" ? [] : namesNeeded(kind);

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
            needed={needed.includes(name)}
            error={problemText(problems[name])}
            onChange={set}
          />
        ))}
      </SimpleGrid>
      <JsonInput
        label={t("send.extra")}
        description={t("send.extraHint")}
        value={draft.extra}
        error={problemText(problems.extra)}
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
  needed: boolean;
  error: string | null;
  onChange: (name: string, value: string) => void;
}

function Field({ name, kind, value, needed, error, onChange }: FieldProps) {
  const { t } = useTranslation();
  const shared = { label: name, description: needed ? t("send.required") : t(`catalog.kinds.${kind}`), error };
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
      type={kind === "date" ? "date" : "text"}
      inputMode={kind === "integer" ? "numeric" : kind === "number" ? "decimal" : "text"}
      value={value}
      onChange={(event) => {
        onChange(name, event.currentTarget.value);
      }}
    />
  );
}
