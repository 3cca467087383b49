import { Button, Group, Text } from "@mantine/core";
import { IconPlayerPause, IconPlayerPlay, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useFormats } from "../../i18n/formats.ts";
import { useSampler } from "../../live/LiveContext.ts";
import { meanRate } from "./rate.ts";

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
      <Text size="sm" c="dimmed" className="numbers" title={t("live.perSecondHint")}>
        {t("live.perSecond", { rate: decimal(meanRate(points)) })}
      </Text>
      {isPaused ? (
        <Button
          leftSection={<IconPlayerPlay size={18} aria-hidden />}
          aria-keyshortcuts="Space"
          title={t("live.spaceHint")}
          onClick={onResume}
        >
          {t("live.resume")}
        </Button>
      ) : (
        <Button
          variant="default"
          leftSection={<IconPlayerPause size={18} aria-hidden />}
          aria-keyshortcuts="Space"
          title={t("live.spaceHint")}
          onClick={onPause}
        >
          {t("live.pause")}
        </Button>
      )}
      <Button variant="default" leftSection={<IconTrash size={18} aria-hidden />} disabled={isEmpty} onClick={onClear}>
        {t("live.clear")}
      </Button>
    </Group>
  );
}
