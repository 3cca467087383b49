import { Anchor, Badge, Box, Button, Group, Text, Tooltip } from "@mantine/core";
import { IconLogout } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useSession } from "../session/SessionContext.ts";
import { helpAddress } from "./help.ts";
import { visibleText } from "../ui/visibleText.ts";

/** Who is signed in, and the way out. */
export function Identity({ onSignOut }: { onSignOut: () => void }) {
  const { t } = useTranslation();
  const session = useSession();
  const name =
    session.kind === "key"
      ? t("session.asKey")
      : session.user === null
        ? t("session.asToken")
        : t("session.asUser", { user: visibleText(session.user) });
  return (
    <Box className="identity">
      {session.development ? (
        <Tooltip label={t("app.developmentHint")} multiline maw={220}>
          <Badge variant="outline" color="gray" tt="none" tabIndex={0} className="outlined outlined-gray">
            {t("app.development")}
          </Badge>
        </Tooltip>
      ) : (
        <>
          <Text size="sm" fw={550} className="cut" title={name}>
            {name}
          </Text>
          <Button
            size="xs"
            variant="default"
            fullWidth
            leftSection={<IconLogout size={16} aria-hidden />}
            onClick={onSignOut}
          >
            {t("session.signOut")}
          </Button>
        </>
      )}
      <Group justify="space-between" gap="xs" w="100%">
        <Text size="xs" c="dimmed">
          {t("app.version", { version: session.version })}
        </Text>
        <Anchor href={helpAddress()} size="xs">
          {t("app.help")}
        </Anchor>
      </Group>
    </Box>
  );
}
