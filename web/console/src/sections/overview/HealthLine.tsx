import { Anchor, Text } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheckFilled, IconInfoCircle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { Stats } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { useLink, useSampler } from "../../live/LiveContext.ts";
import { healthOf, type Health } from "./health.ts";
import { useConfirmed } from "./useConfirmed.ts";

const TONES: Record<Health["state"], "green" | "orange" | "red"> = {
  silent: "red",
  cut: "orange",
  draining: "orange",
  queue: "orange",
  slow: "orange",
  refusing: "orange",
  fine: "green",
};
const ICONS = { green: IconCircleCheckFilled, orange: IconInfoCircle, red: IconAlertTriangle } as const;

/** One sentence that says whether there is anything to do. */
export function HealthLine({ stats }: { stats: Stats }) {
  const { t } = useTranslation();
  const { points, error } = useSampler();
  const { status } = useLink();
  const health = healthOf({ stats, points, answers: error === null, link: status });
  const sentence = useSentence(health, stats);
  const tone = TONES[health.state];
  const Icon = ICONS[tone];
  const way = wayOn(health.state);
  return (
    <div className={`health callout callout-${tone}`} data-testid="health" data-state={health.state}>
      <Icon size={20} aria-hidden />
      <Text size="sm" fw={500} className="numbers">
        {sentence}
      </Text>
      {way === null ? null : (
        <Anchor component={Link} href={way.href} size="sm" inherit={false} c="inherit" underline="always">
          {t(way.label)}
        </Anchor>
      )}
    </div>
  );
}

function wayOn(state: Health["state"]) {
  if (state === "queue") return { href: "/usuarios", label: "health.seeUsers" } as const;
  return state === "slow" ? ({ href: "/en-vivo", label: "health.seeLive" } as const) : null;
}

function useSentence(health: Health, stats: Stats): string {
  const { t } = useTranslation();
  const { whole, decimal, bytes, percent, time } = useFormats();
  const { readAt } = useSampler();
  const confirmed = useConfirmed();
  switch (health.state) {
    case "queue":
      return t("health.queue", { bytes: bytes(health.bytes) });
    case "slow":
      return t("health.slow", { p50: decimal(health.p50), p95: decimal(health.p95) });
    case "refusing":
      return t("health.refusing", { count: health.count, formatted: whole(health.count) });
    case "silent":
      return t("states.stale", { time: time(readAt ?? 0) });
    case "fine":
      break;
    default:
      return t(`health.${health.state}`);
  }
  const { accepted } = stats.publishes;
  const parts = [
    t("health.published", { count: accepted, formatted: whole(accepted) }),
    confirmed === null ? "" : t("health.confirmed", { share: percent(confirmed) }),
    stats.latency_ms === null ? "" : t("health.median", { ms: decimal(stats.latency_ms.p50) }),
    stats.queued_bytes === 0 ? t("health.noQueue") : t("health.queued", { bytes: bytes(stats.queued_bytes) }),
  ];
  return t("health.fine", { parts: parts.filter((part) => part !== "").join(", ") });
}
