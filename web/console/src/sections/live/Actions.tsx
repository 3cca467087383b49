import { Button, Group, Text } from "@mantine/core";
import { IconPlayerPause, IconPlayerPlay, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useFormats } from "../../i18n/formats.ts";
import { useSampler } from "../../live/LiveContext.ts";

interface ActionsProps {
  isPaused: boolean;
  isEmpty: boolean;
  onPause: () => void;
  onResume: () => void;
  onClear: () => void;
}

/** What can be done with the stream, and how fast it is. */
export function Actions({ isPaused, isEmpty, onPause, onResume, onClear }: ActionsProps) {
  const { t } = useTranslation();
  const { decimal } = useFormats();
  const { points } = useSampler();
  return (
    <Group gap="xs">
      <Text size="sm" c="dimmed" className="numbers" visibleFrom="xs">
        {t("live.perSecond", { rate: decimal(points.at(-1)?.in ?? 0) })}
      </Text>
      {isPaused ? (
        <Button leftSection={<IconPlayerPlay size={18} aria-hidden />} onClick={onResume}>
          {t("live.resume")}
        </Button>
      ) : (
        <Button variant="default" leftSection={<IconPlayerPause size={18} aria-hidden />} onClick={onPause}>
          {t("live.pause")}
        </Button>
      )}
      <Button variant="default" leftSection={<IconTrash size={18} aria-hidden />} disabled={isEmpty} onClick={onClear}>
        {t("live.clear")}
      </Button>
    </Group>
  );
}
