import { Button, VisuallyHidden } from "@mantine/core";
import { IconArrowDown, IconCheck, IconPlugConnected, IconScissors, IconTicket } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useFormats } from "../../i18n/formats.ts";
import { useTexts } from "../../i18n/tryout/index.ts";
import { MORE } from "./bookings.ts";
import type { RunView } from "./run.ts";
import { Verdict } from "./Verdict.tsx";

interface ScriptProps {
  view: RunView;
  isBusy: boolean;
  onMore: () => void;
  onLine: (isUp: boolean) => void;
  onPhone: () => void;
}

/** What to do, in four steps, and what came of each. They may be taken in any order, and again. */
export function Script({ view, isBusy, onMore, onLine, onPhone }: ScriptProps) {
  const t = useTexts();
  const { decimal } = useFormats();
  const { isUp, hasCut, isBack, ms, booked, onDesk, result } = view;
  const isReady = view.isConnected.desk && (view.isConnected.phone || !isUp);
  const isOver = result !== null && result.pending === 0 && isUp;
  const next = ms === null ? 1 : isUp && !isOver ? 2 : isUp ? 0 : booked === 0 ? 3 : 4;
  return (
    <ol className="script plain" aria-label={t("script")}>
      <Step
        number={1}
        next={next}
        name="book"
        isDone={ms !== null}
        outcome={ms === null ? null : t("book.result", { ms: decimal(ms) })}
      >
        <Button size="xs" variant="default" leftSection={<IconArrowDown size={16} aria-hidden />} onClick={onPhone}>
          {t("book.go")}
        </Button>
      </Step>
      <Step number={2} next={next} name="cut" isDone={hasCut} outcome={isUp ? null : t("cut.result")}>
        <Button
          size="xs"
          variant={next === 2 ? "filled" : "default"}
          disabled={!isReady && isUp}
          aria-disabled={!isUp}
          data-off={!isUp || undefined}
          leftSection={<IconScissors size={16} aria-hidden />}
          onClick={() => {
            if (isUp) onLine(false);
          }}
        >
          {t("cut.button")}
        </Button>
      </Step>
      <Step
        number={3}
        next={next}
        name="more"
        isDone={hasCut && booked > 0}
        outcome={booked === 0 ? null : t("more.result", { desk: onDesk, count: booked, phone: result?.received ?? 0 })}
      >
        <Button
          size="xs"
          variant={next === 3 ? "filled" : "default"}
          disabled={!isReady}
          aria-disabled={isBusy}
          leftSection={<IconTicket size={16} aria-hidden />}
          onClick={() => {
            if (!isBusy) onMore();
          }}
        >
          {t("more.button", { count: MORE })}
        </Button>
      </Step>
      <Step
        number={4}
        next={next}
        name="back"
        isDone={isOver && isBack}
        outcome={result !== null && isUp ? <Verdict tally={result} count={booked} /> : null}
      >
        <Button
          size="xs"
          variant={next === 4 ? "filled" : "default"}
          aria-disabled={isUp}
          data-off={isUp || undefined}
          leftSection={<IconPlugConnected size={16} aria-hidden />}
          onClick={() => {
            if (!isUp) onLine(true);
          }}
        >
          {t("back.button")}
        </Button>
      </Step>
    </ol>
  );
}

interface StepProps {
  number: 1 | 2 | 3 | 4;
  next: number;
  name: "book" | "cut" | "more" | "back";
  isDone: boolean;
  /** What came of it; until then it says what to do. */
  outcome: ReactNode;
  children: ReactNode;
}

function Step({ number, next, name, isDone, outcome, children }: StepProps) {
  const t = useTexts();
  return (
    <li className="act" data-next={next === number || undefined} data-done={isDone || undefined}>
      <span className="act-mark" aria-hidden>
        {isDone ? <IconCheck size={15} stroke={2.6} /> : number}
      </span>
      <div className="act-body">
        <h2 className="act-title">
          <VisuallyHidden>{t("step", { number })}: </VisuallyHidden>
          {t(`${name}.title`)}
          {isDone ? <VisuallyHidden> ({t("done")})</VisuallyHidden> : null}
        </h2>
        <div className="act-text numbers" role="status">
          {outcome === null ? (
            <p className="faint">{t(`${name}.text`)}</p>
          ) : typeof outcome === "string" ? (
            <p className="act-outcome">{outcome}</p>
          ) : (
            outcome
          )}
        </div>
        {children}
      </div>
    </li>
  );
}
