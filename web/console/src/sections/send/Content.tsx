import { Select, SimpleGrid, Stack, Textarea, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { EventType } from "../../api/records.ts";
import { language } from "../../i18n/index.ts";
import { filled, type Draft } from "./draft.ts";

interface ContentProps {
  types: string[];
  kind: EventType | undefined;
  draft: Draft;
  data: Record<string, unknown>;
  onPick: (type: string) => void;
  onChange: (part: Partial<Draft>) => void;
}

/** The type, and the two texts. */
export function Content({ types, kind, draft, data, onPick, onChange }: ContentProps) {
  const { t } = useTranslation();
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
        description={kind?.description[language()]}
      />
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
        <TextInput
          label={t("common.title")}
          description={t("send.titleHint")}
          value={draft.title}
          placeholder={kind?.title[language()] ?? ""}
          onChange={(event) => {
            onChange({ title: event.currentTarget.value });
          }}
        />
        <Textarea
          label={t("common.message")}
          description={t("send.messageHint", {
            text: filled(kind?.message[language()] ?? "", data),
          })}
          value={draft.message}
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
