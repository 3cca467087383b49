import { Box, Group, SegmentedControl, Skeleton, Text } from "@mantine/core";
import { IconBell } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { AudiencePreview, EventType } from "../../api/records.ts";
import { language } from "../../i18n/index.ts";
import { languageName } from "../../i18n/languageName.ts";
import { useSession } from "../../session/SessionContext.ts";
import { PriorityBadge } from "../../ui/badges.tsx";
import { Clamped } from "../../ui/Clamped.tsx";
import type { Draft } from "./draft.ts";
import { isSaidIn } from "./languages.ts";

interface PreviewProps {
  draft: Draft;
  kind: EventType | undefined;
  /** What the server would publish; the last that it could, while there is something wrong with the draft. */
  preview: AudiencePreview | undefined;
}

/** The notification as a receiver would see it, in each of the languages that it is in. */
export function Preview({ draft, kind, preview }: PreviewProps) {
  const { t } = useTranslation();
  const { locale } = useSession();
  const [wanted, setWanted] = useState(locale);
  const tags = [...new Set([locale, ...Object.keys(preview?.texts ?? {}), ...draft.texts.map(({ tag }) => tag)])];
  const tag = tags.includes(wanted) ? wanted : locale;
  const isSaid = tag === locale || isSaidIn(tag, draft, kind);
  return (
    <>
      {tags.length === 1 ? null : (
        <SegmentedControl
          mb="sm"
          size="xs"
          className="preview-languages"
          aria-label={t("send.texts.previewIn")}
          data={tags.map((one) => ({ value: one, label: one }))}
          value={tag}
          onChange={setWanted}
        />
      )}
      <Shown type={draft.type} tag={tag} preview={preview} />
      {isSaid ? null : (
        <Text size="sm" c="dimmed" mt="xs">
          {t("send.texts.fallsBack", {
            language: languageName(tag, language()),
            shown: languageName(locale, language()),
          })}
        </Text>
      )}
    </>
  );
}

interface ShownProps {
  type: string;
  tag: string;
  preview: AudiencePreview | undefined;
}

function Shown({ type, tag, preview }: ShownProps) {
  const { t } = useTranslation();
  const { title, message } = { title: null, message: "", ...preview, ...preview?.texts?.[tag] };
  return (
    <Box className="preview" p="md" data-testid="preview" lang={tag}>
      <Group gap="sm" wrap="nowrap" align="flex-start">
        <IconBell size={20} aria-hidden className="figure-icon" />
        <Box miw={0} style={{ flex: 1 }}>
          <Group justify="space-between" gap="xs" mb={4}>
            <Text size="xs" c="dimmed" className="mono">
              {type}
            </Text>
            {preview === undefined || preview.priority === "normal" ? null : (
              <PriorityBadge priority={preview.priority} />
            )}
          </Group>
          {preview === undefined ? (
            <Skeleton height={22} width="80%" />
          ) : (
            <>
              {title === null || title === "" ? null : <Clamped text={title} lines={2} size="md" fw={650} />}
              <Clamped text={message === "" ? t("common.noMessage") : message} lines={6} size="md" />
            </>
          )}
        </Box>
      </Group>
    </Box>
  );
}
