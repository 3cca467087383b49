import { Select, SimpleGrid, Stack, Textarea, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { AudiencePreview, EventType } from "../../api/records.ts";
import { language } from "../../i18n/index.ts";
import { textIn } from "../../i18n/texts.ts";
import type { Draft } from "./draft.ts";
import type { ErrorOf } from "./fieldErrors.ts";

/** What the server takes (`PublishSchema`). */
const LONGEST_TITLE = 200;

interface ContentProps {
  types: string[];
  kind: EventType | undefined;
  draft: Draft;
  preview: AudiencePreview | undefined;
  errorOf: ErrorOf;
  onPick: (type: string) => void;
  onChange: (part: Partial<Draft>) => void;
}

/** The type, and the two texts. */
export function Content({ types, kind, draft, preview, errorOf, onPick, onChange }: ContentProps) {
  const { t } = useTranslation();
  const length = Array.from(draft.title).length; // code points, as the server counts
  return (
    <Stack gap="sm">
      <Select
        label={t("send.pick")}
        placeholder={t("send.pickPlaceholder")}
        data={types}
        value={draft.type}
        onChange={(type) => {
          if (type !== null) onPick(type);
        }}
        searchable
        allowDeselect={false}
        maxDropdownHeight={320}
        error={errorOf("type")}
        description={kind === undefined ? undefined : textIn(kind.description, language())}
        inputWrapperOrder={["label", "input", "description", "error"]}
      />
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
        <TextInput
          label={t("common.title")}
          placeholder={t("send.optional")}
          value={draft.title}
          error={errorOf("title") ?? (length > LONGEST_TITLE ? t("send.titleLong", { most: LONGEST_TITLE }) : null)}
          description={
            <span className="numbers" data-over={length > LONGEST_TITLE}>
              {t("send.counter", { count: length, most: LONGEST_TITLE })}
            </span>
          }
          inputWrapperOrder={["label", "input", "error", "description"]}
          onChange={(event) => {
            onChange({ title: event.currentTarget.value });
          }}
        />
        <Textarea
          label={t("common.message")}
          placeholder={draft.message === "" ? (preview?.message ?? "") : ""}
          description={t("send.messageHint")}
          value={draft.message}
          error={errorOf("message")}
          inputWrapperOrder={["label", "input", "error", "description"]}
          autosize
          minRows={1}
          maxRows={6}
          onChange={(event) => {
            onChange({ message: event.currentTarget.value });
          }}
        />
      </SimpleGrid>
    </Stack>
  );
}
