import { IconAlertTriangle, IconCircleCheck } from "@tabler/icons-react";
import { useTexts } from "../../i18n/tryout/index.ts";
import { isPerfect, type Tally } from "./tally.ts";

/** What became of those that were missed: counted, whatever comes out. */
export function Verdict({ tally, count }: { tally: Tally; count: number }) {
  const t = useTexts();
  const { received, lost, repeated, pending, inOrder } = tally;
  const isWell = isPerfect(tally);
  if (pending > 0 && isWell) {
    return (
      <p className="verdict" data-testid="verdict">
        {t("back.waiting", { received, count })}
      </p>
    );
  }
  const parts = [
    t("tally.received", { count: received }),
    t("tally.lost", { count: lost }),
    t("tally.repeated", { count: repeated }),
    ...(pending > 0 ? [t("tally.pending", { count: pending })] : []),
    t(inOrder ? "tally.inOrder" : "tally.notInOrder"),
  ];
  const Icon = isWell ? IconCircleCheck : IconAlertTriangle;
  return (
    <p className="verdict" data-testid="verdict" data-tone={isWell ? "good" : "bad"}>
      <Icon size={16} aria-hidden />
      <span>{parts.join(", ")}</span>
    </p>
  );
}
