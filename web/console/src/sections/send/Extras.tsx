import { ActionIcon, Button, Group, SimpleGrid, Stack, Text, TextInput, Tooltip } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Draft, DraftAction } from "./draft.ts";
import type { ErrorOf } from "./fieldErrors.ts";

/** What the server takes (`schemas/extras`). */
const MOST_ACTIONS = 4;

const LINES = ["group", "category", "icon", "image", "collapse_key"] as const;

interface ExtrasProps {
  draft: Draft;
  errorOf: ErrorOf;
  onChange: (part: Partial<Draft>) => void;
}

/** How it shows in an inbox, whose place it takes there, and what its reader can do. */
export function Extras({ draft, errorOf, onChange }: ExtrasProps) {
  const { t } = useTranslation();
  const { actions } = draft;
  const set = (at: number, part: Partial<DraftAction>) => {
    onChange({ actions: actions.map((action, index) => (index === at ? { ...action, ...part } : action)) });
  };
  return (
    <Stack gap="sm">
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
        {LINES.map((field) => (
          <TextInput
            key={field}
            label={t(`send.extras.${field}`)}
            description={t(`send.extrasHint.${field}`)}
            value={draft[field]}
            error={errorOf(field)}
            onChange={(event) => {
              onChange({ [field]: event.currentTarget.value });
            }}
          />
        ))}
      </SimpleGrid>
      <Text size="sm" fw={500}>
        {t("extras.actions")}
      </Text>
      {actions.map((action, at) => (
        <Group
          key={at}
          gap="xs"
          align="flex-end"
          className="send-action"
          role="group"
          aria-label={t("send.action", { number: at + 1 })}
        >
          {(["label", "id", "link"] as const).map((member) => (
            <TextInput
              key={member}
              label={t(`send.actions.${member}`)}
              placeholder={member === "id" ? t("send.actionId") : ""}
              value={action[member]}
              onChange={(event) => {
                set(at, { [member]: event.currentTarget.value });
              }}
            />
          ))}
          <Tooltip label={t("send.removeAction")}>
            <ActionIcon
              variant="default"
              size="lg"
              aria-label={`${t("send.removeAction")} ${at + 1}`}
              onClick={() => {
                onChange({ actions: actions.filter((_, index) => index !== at) });
              }}
            >
              <IconTrash size={16} aria-hidden />
            </ActionIcon>
          </Tooltip>
        </Group>
      ))}
      {errorOf("actions") === null ? null : (
        <Text size="xs" c="var(--mantine-color-error)" role="alert">
          {errorOf("actions")}
        </Text>
      )}
      <Button
        size="xs"
        variant="default"
        style={{ alignSelf: "start" }}
        leftSection={<IconPlus size={16} aria-hidden />}
        disabled={actions.length >= MOST_ACTIONS}
        onClick={() => {
          onChange({ actions: [...actions, { id: "", label: "", link: "", value: undefined }] });
        }}
      >
        {t("send.addAction")}
      </Button>
    </Stack>
  );
}
