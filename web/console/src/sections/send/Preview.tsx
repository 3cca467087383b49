import { Box, Group, Text } from "@mantine/core";
import { IconBell } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { EventType, PublishBody } from "../../api/records.ts";
import { language } from "../../i18n/index.ts";
import { PriorityBadge } from "../../ui/badges.tsx";
import { filled } from "./draft.ts";

/** The notification as a receiver would see it. */
export function Preview({ kind, body }: { kind: EventType | undefined; body: PublishBody }) {
  const { t } = useTranslation();
  const title = body.title ?? kind?.title[language()] ?? body.type;
  const message = body.message ?? filled(kind?.message[language()] ?? "", body.data ?? {});
  return (
    <Box className="preview" p="md">
      <Group gap="sm" wrap="nowrap" align="flex-start">
        <IconBell size={22} aria-hidden className="figure-icon" />
        <Box miw={0} style={{ flex: 1 }}>
          <Group justify="space-between" gap="xs">
            <Text fw={650} className="wrap">
              {title}
            </Text>
            {kind === undefined ? null : <PriorityBadge priority={body.priority ?? kind.priority} />}
          </Group>
          <Text className="wrap">{message === "" ? t("common.noMessage") : message}</Text>
        </Box>
      </Group>
    </Box>
  );
}
