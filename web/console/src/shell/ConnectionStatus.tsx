import { Badge, Tooltip } from "@mantine/core";
import { IconPlugConnected, IconPlugConnectedX, IconPlugX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useLink } from "../live/LiveContext.ts";

const LOOKS = {
  connected: { color: "green", icon: IconPlugConnected },
  connecting: { color: "gray", icon: IconPlugConnectedX },
  reconnecting: { color: "orange", icon: IconPlugConnectedX },
  refused: { color: "red", icon: IconPlugX },
} as const;

/** Where there is no room for words the icon is left; what it means is its name all the same. */
export function ConnectionStatus() {
  const { t } = useTranslation();
  const link = useLink();
  const { color, icon: Icon } = LOOKS[link.status];
  const hint =
    link.status !== "connected"
      ? t(`link.${link.status}`)
      : link.isLeader
        ? t("link.connectedBy", { transport: link.transport ?? "" })
        : t("link.follower");
  return (
    <Tooltip label={hint}>
      <Badge
        variant="light"
        color={color}
        size="lg"
        tt="none"
        className={`status status-${color} link-status`}
        leftSection={<Icon size={15} aria-hidden />}
        tabIndex={0}
        data-status={link.status}
        data-leader={link.isLeader}
      >
        <span>{t(`link.${link.status}`)}</span>
      </Badge>
    </Tooltip>
  );
}
