import { JsonInput, Select, SimpleGrid, Stack, Textarea, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { PRIORITIES } from "../../api/records.ts";
import type { Changes, Editable, Field, Problem } from "./change.ts";

interface ChangeFormProps {
  value: Editable;
  problems: Changes["problems"];
  /** What the server said of a field. */
  refused: (field: Field) => string | null;
  /** Whether it waits, and has a moment to be moved. */
  isScheduled: boolean;
  onChange: (part: Partial<Editable>) => void;
}

const LINES = ["link", "group", "category", "icon", "image"] as const;

/** The texts and the rest of a notification, to be changed. */
export function ChangeForm({ value, problems, refused, isScheduled, onChange }: ChangeFormProps) {
  const { t } = useTranslation();
  const words: Record<Problem, string> = {
    object: t("send.extraInvalid"),
    link: t("send.linkInvalid"),
    moment: t("history.dateInvalid"),
  };
  const errorOf = (field: Field) => {
    const problem = problems[field];
    return problem === undefined ? refused(field) : words[problem];
  };
  const line = (field: Exclude<Field, "priority">, more: object = {}) => (
    <TextInput
      key={field}
      label={t(`change.fields.${field}`)}
      value={value[field]}
      error={errorOf(field)}
      onChange={(event) => {
        onChange({ [field]: event.currentTarget.value });
      }}
      {...more}
    />
  );
  return (
    <Stack gap="sm">
      {isScheduled ? line("deliver_at", { description: t("scheduled.zone", { zone: zone() }) }) : null}
      {line("title", { "data-autofocus": true })}
      <Textarea
        label={t("change.fields.message")}
        value={value.message}
        error={errorOf("message")}
        autosize
        minRows={2}
        maxRows={6}
        onChange={(event) => {
          onChange({ message: event.currentTarget.value });
        }}
      />
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
        <Select
          label={t("change.fields.priority")}
          data={PRIORITIES.map((priority) => ({ value: priority, label: t(`priority.${priority}`) }))}
          value={value.priority}
          error={errorOf("priority")}
          allowDeselect={false}
          onChange={(priority) => {
            if (priority !== null) onChange({ priority });
          }}
        />
        {LINES.map((field) => line(field))}
      </SimpleGrid>
      <JsonInput
        label={t("change.fields.data")}
        value={value.data}
        error={errorOf("data")}
        autosize
        minRows={2}
        maxRows={12}
        classNames={{ input: "mono" }}
        onChange={(data) => {
          onChange({ data });
        }}
      />
    </Stack>
  );
}

/** The zone in which moments are written here. */
function zone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
