import { Button, Group, Text, VisuallyHidden } from "@mantine/core";
import { IconPlugConnectedX } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLink, useLive, useSampler } from "../live/LiveContext.ts";
import { isBack } from "../live/revive.ts";
import { Callout } from "../ui/Callout.tsx";
import { markTab } from "./title.ts";

/** Shown above every screen while there is no connection; a screen reader hears it once, not every second. */
export function ConnectionBanner() {
  const { t } = useTranslation();
  const live = useLive();
  const { status, retryAt, error } = useLink();
  useSampler(); // which tells whether the server is back
  const seconds = useCountdown(retryAt);
  const isBroken = status === "reconnecting" || status === "refused";
  const [wasBroken, setWasBroken] = useState(false);
  if (isBroken && !wasBroken) setWasBroken(true);
  const hasReturned = status === "reconnecting" && isBack(live);
  const sentence =
    status === "refused"
      ? t("link.refusedBanner", { code: error ?? "" })
      : t(hasReturned ? "link.serverBack" : "link.banner");

  useEffect(() => {
    markTab(isBroken);
    return () => {
      markTab(false);
    };
  }, [isBroken]);

  return (
    <>
      <VisuallyHidden role="status">
        {isBroken ? sentence : wasBroken && status === "connected" ? t("link.back") : ""}
      </VisuallyHidden>
      {isBroken ? (
        <Callout
          mb="md"
          role="presentation"
          tone={status === "refused" ? "red" : "orange"}
          icon={<IconPlugConnectedX size={20} aria-hidden />}
          title={sentence}
          data-testid="banner"
        >
          <Group justify="space-between" gap="sm">
            <Text size="sm" className="numbers">
              {status === "refused" || hasReturned
                ? null
                : seconds > 0
                  ? t("link.countdown", { count: seconds })
                  : t("link.trying")}{" "}
              {t("link.stale")}
            </Text>
            <Button size="xs" variant="default" onClick={live.link.retryNow}>
              {t("link.retry")}
            </Button>
          </Group>
        </Callout>
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
