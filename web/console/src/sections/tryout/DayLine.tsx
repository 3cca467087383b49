import { Progress, Text } from "@mantine/core";
import { useCatalog } from "../../api/queries.ts";
import { language } from "../../i18n/index.ts";
import { textIn } from "../../i18n/texts.ts";
import { useTexts } from "../../i18n/tryout/index.ts";
import { DAY } from "./day.ts";
import type { Day } from "./useDay.ts";

/** Where in the day one is, and what has just happened. */
export function DayLine({ day }: { day: Day }) {
  const t = useTexts();
  const types = useCatalog().data?.types ?? [];
  const { isRunning, played, told } = day;
  if (played === null) return null;
  const scene = DAY[Math.min(played, DAY.length) - (played > 0 ? 1 : 0)];
  const kind = types.find(({ type }) => type === scene?.type);
  const what = kind === undefined ? (scene?.type ?? "") : textIn(kind.title, language());
  const isOver = played === DAY.length;
  if (!isRunning && !isOver) return null;
  return (
    <section className="panel day" aria-label={t("day.title")}>
      <Text size="sm" className="numbers" role="status" data-testid="day">
        {isOver
          ? t("day.over", told)
          : played === 0
            ? t("day.title")
            : t("day.progress", { time: scene?.at ?? "", what })}
      </Text>
      <Progress value={(played / DAY.length) * 100} aria-label={t("day.title")} flex={1} miw={120} />
      <Text size="sm" c="dimmed" className="numbers">
        {t("day.steps", { number: played, count: DAY.length })}
      </Text>
    </section>
  );
}
