import { Alert, Button, Group, Text, VisuallyHidden } from "@mantine/core";
import { IconPlugConnectedX } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLink, useLive } from "../live/LiveContext.ts";

/** Shown above every screen while there is no connection; a screen reader hears it once, not every second. */
export function ConnectionBanner() {
  const { t } = useTranslation();
  const { link } = useLive();
  const { status, retryAt, error } = useLink();
  const seconds = useCountdown(retryAt);
  const isBroken = status === "reconnecting" || status === "refused";
  const [wasBroken, setWasBroken] = useState(false);
  if (isBroken && !wasBroken) setWasBroken(true);
  const sentence = status === "refused" ? t("link.refusedBanner", { code: error ?? "" }) : t("link.banner");

  return (
    <>
      <VisuallyHidden role="status">
        {isBroken ? sentence : wasBroken && status === "connected" ? t("link.back") : ""}
      </VisuallyHidden>
      {isBroken ? (
        <Alert
          mb="md"
          role="presentation"
          color={status === "refused" ? "red" : "orange"}
          variant="default"
          icon={<IconPlugConnectedX aria-hidden />}
          title={sentence}
          data-testid="banner"
        >
          <Group justify="space-between" gap="sm">
            <Text size="sm">
              {status === "refused" ? null : seconds > 0 ? t("link.countdown", { count: seconds }) : t("link.trying")}{" "}
              {t("link.stale")}
            </Text>
            <Button size="xs" variant="default" onClick={link.retryNow}>
              {t("link.retry")}
            </Button>
          </Group>
        </Alert>
      ) : null}
    </>
  );
}

function useCountdown(until: number | null): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (until === null) return;
    const timer = setInterval(() => {
      setNow(Date.now());
    }, 250);
    return () => {
      clearInterval(timer);
    };
  }, [until]);
  return until === null ? 0 : Math.max(0, Math.ceil((until - now) / 1_000));
}
