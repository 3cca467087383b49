import { Anchor, Button, Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { Callout } from "../../ui/Callout.tsx";
import { Reason } from "../../ui/Failure.tsx";
import type { Obstacle } from "./obstacle.ts";

interface ObstaclesProps {
  obstacle: Obstacle | null;
  error: Error | null;
  isBusy: boolean;
  /** Go on with what is there now, or with the one that took its place. */
  onRenew: (by?: string) => void;
  /** One leaves for the other notification. */
  onGo: () => void;
}

/** What stands in the way of a change, and what can be done about it: what was written is not lost. */
export function Obstacles({ obstacle, error, isBusy, onRenew, onGo }: ObstaclesProps) {
  const { t } = useTranslation();
  switch (obstacle?.kind) {
    case "meanwhile":
      return (
        <Callout tone="orange" title={t("change.meanwhile")}>
          <Text size="sm" mb="sm">
            {t("change.meanwhileText")}
          </Text>
          <Button
            size="xs"
            variant="default"
            loading={isBusy}
            onClick={() => {
              onRenew();
            }}
          >
            {t("change.renew")}
          </Button>
        </Callout>
      );
    case "replaced": {
      const { by } = obstacle;
      return (
        <Callout tone="orange" title={t("change.replaced")}>
          <Text size="sm" mb="sm">
            {t("change.replacedText")}
          </Text>
          {by === null ? null : (
            <Group gap="sm">
              <Button
                size="xs"
                variant="default"
                loading={isBusy}
                onClick={() => {
                  onRenew(by);
                }}
              >
                {t("change.amendThat")}
              </Button>
              <Anchor component={Link} href={`/historial/${by}`} size="sm" onClick={onGo}>
                {t("change.seeReplacement")}
              </Anchor>
            </Group>
          )}
        </Callout>
      );
    }
    case "retracted":
      return (
        <Callout tone="orange" title={t("life.wasRetracted")}>
          <Text size="sm">{t("change.retractedText")}</Text>
        </Callout>
      );
    case "failed":
      return (
        <Callout tone="red" title={t("change.failed")}>
          <Text size="sm">{error === null ? null : <Reason error={error} />}</Text>
        </Callout>
      );
    case undefined:
      return null;
  }
}
