import { ActionIcon, Autocomplete, Button, Group, Stack, Text, Textarea, TextInput, Tooltip } from "@mantine/core";
import { IconLanguage, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { AudiencePreview, EventType } from "../../api/records.ts";
import { language } from "../../i18n/index.ts";
import { languageName } from "../../i18n/languageName.ts";
import { useSession } from "../../session/SessionContext.ts";
import type { Draft, DraftText } from "./draft.ts";
import type { ErrorOf } from "./fieldErrors.ts";
import { languagesOf, MOST_LANGUAGES, tagOf } from "./languages.ts";

interface LanguagesProps {
  catalog: EventType[];
  draft: Draft;
  preview: AudiencePreview | undefined;
  errorOf: ErrorOf;
  onChange: (part: Partial<Draft>) => void;
}

/** The texts in other languages than the server's own: a block for each, with what its readers get where it is empty. */
export function Languages({ catalog, draft, preview, errorOf, onChange }: LanguagesProps) {
  const { t } = useTranslation();
  const { texts } = draft;
  const set = (at: number, part: Partial<DraftText>) => {
    onChange({ texts: texts.map((text, index) => (index === at ? { ...text, ...part } : text)) });
  };
  const error = errorOf("texts");
  return (
    <Stack gap="sm">
      {texts.map((text, at) => (
        <Language
          key={text.tag}
          text={text}
          preview={preview}
          errorOf={errorOf}
          onChange={(part) => {
            set(at, part);
          }}
          onRemove={() => {
            onChange({ texts: texts.filter((_, index) => index !== at) });
          }}
        />
      ))}
      {error === null ? null : (
        <Text size="xs" c="var(--mantine-color-error)" role="alert">
          {error}
        </Text>
      )}
      {texts.length >= MOST_LANGUAGES ? (
        <Text size="sm" c="dimmed">
          {t("send.texts.enough", { count: MOST_LANGUAGES })}
        </Text>
      ) : (
        <Add
          catalog={catalog}
          taken={texts.map(({ tag }) => tag)}
          onAdd={(tag) => {
            onChange({ texts: [...texts, { tag, title: "", message: "" }] });
          }}
        />
      )}
    </Stack>
  );
}

interface LanguageProps {
  text: DraftText;
  preview: AudiencePreview | undefined;
  errorOf: ErrorOf;
  onChange: (part: Partial<DraftText>) => void;
  onRemove: () => void;
}

function Language({ text, preview, errorOf, onChange, onRemove }: LanguageProps) {
  const { t } = useTranslation();
  const { tag } = text;
  const name = languageName(tag, language());
  // What its readers get where nothing is written here.
  const shown: Record<string, unknown> = { ...preview, ...preview?.texts?.[tag] };
  const instead = (member: "title" | "message") =>
    text[member] === "" && typeof shown[member] === "string" ? shown[member] : "";
  const label = (word: string) => `${word} (${tag})`;
  return (
    <Stack gap="xs" className="send-language" role="group" aria-label={name}>
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm" fw={600}>
          {name}
        </Text>
        <Tooltip label={t("send.texts.remove")}>
          <ActionIcon variant="default" size="lg" aria-label={`${t("send.texts.remove")}: ${name}`} onClick={onRemove}>
            <IconTrash size={16} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </Group>
      {errorOf(`texts.${tag}`) === null ? null : (
        <Text size="xs" c="var(--mantine-color-error)" role="alert">
          {errorOf(`texts.${tag}`)}
        </Text>
      )}
      <TextInput
        label={label(t("common.title"))}
        placeholder={instead("title")}
        lang={tag}
        value={text.title}
        error={errorOf(`texts.${tag}.title`)}
        onChange={(event) => {
          onChange({ title: event.currentTarget.value });
        }}
      />
      <Textarea
        label={label(t("common.message"))}
        placeholder={instead("message")}
        lang={tag}
        value={text.message}
        error={errorOf(`texts.${tag}.message`)}
        autosize
        minRows={1}
        maxRows={6}
        onChange={(event) => {
          onChange({ message: event.currentTarget.value });
        }}
      />
    </Stack>
  );
}

interface AddProps {
  catalog: EventType[];
  taken: readonly string[];
  onAdd: (tag: string) => void;
}

/** One of the languages of the catalogue, or any other by its tag. */
function Add({ catalog, taken, onAdd }: AddProps) {
  const { t } = useTranslation();
  const { locale } = useSession();
  const [typed, setTyped] = useState("");
  const [error, setError] = useState<string | null>(null);
  const offered = languagesOf(catalog).filter((tag) => tag !== locale && !taken.includes(tag));

  function add(text: string) {
    const tag = tagOf(text);
    if (tag === null) setError(t("send.texts.noTag"));
    else if (tag === locale) setError(t("send.texts.isOwn"));
    else if (taken.includes(tag)) setError(t("send.texts.isThere"));
    else {
      setError(null);
      setTyped("");
      onAdd(tag);
    }
  }

  return (
    <Group gap="xs" align="flex-end" className="send-add-language">
      <Autocomplete
        label={t("send.texts.language")}
        description={t("send.texts.hint", { language: languageName(locale, language()) })}
        placeholder="pt-BR"
        data={offered}
        renderOption={({ option: { value } }) => `${languageName(value, language())} (${value})`}
        value={typed}
        error={error}
        autoComplete="off"
        spellCheck={false}
        onChange={(text) => {
          setTyped(text);
          setError(null);
        }}
        onOptionSubmit={add}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.defaultPrevented || event.ctrlKey || event.metaKey) return;
          event.preventDefault(); // else it would send the whole form
          if (typed.trim() !== "") add(typed);
        }}
      />
      <Button
        size="sm"
        variant="default"
        leftSection={<IconLanguage size={16} aria-hidden />}
        disabled={typed.trim() === ""}
        onClick={() => {
          add(typed);
        }}
      >
        {t("send.texts.add")}
      </Button>
    </Group>
  );
}
