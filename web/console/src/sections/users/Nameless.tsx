import { Box, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Users } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";

/** Connections that belong to no user. */
export function Nameless({ connections, total }: { connections: Users["nameless"]; total: number }) {
  const { t } = useTranslation();
  const { whole } = useFormats();
  if (connections.length === 0) return null;
  return (
    <Box p="md" style={{ borderTop: "1px solid var(--console-border)" }}>
      <Text size="sm">{t("users.nameless", { count: total, formatted: whole(total) })}</Text>
      <Text size="sm" c="dimmed">
        {t("users.namelessHint")}
      </Text>
    </Box>
  );
}
