import { Box, Group, Skeleton, Text } from "@mantine/core";
import { IconBell } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { AudiencePreview } from "../../api/records.ts";
import { PriorityBadge } from "../../ui/badges.tsx";
import { Clamped } from "../../ui/Clamped.tsx";

interface PreviewProps {
  type: string;
  /** What the server would publish; the last that it could, while there is something wrong with the draft. */
  preview: AudiencePreview | undefined;
}

/** The notification as a receiver would see it. */
export function Preview({ type, preview }: PreviewProps) {
  const { t } = useTranslation();
  return (
    <Box className="preview" p="md" data-testid="preview">
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
              {preview.title === null || preview.title === "" ? null : (
                <Clamped text={preview.title} lines={2} size="md" fw={650} />
              )}
              <Clamped text={preview.message === "" ? t("common.noMessage") : preview.message} lines={6} size="md" />
            </>
          )}
        </Box>
      </Group>
    </Box>
  );
}
