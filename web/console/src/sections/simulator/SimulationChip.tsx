import { IconFlask, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useRunning, useSimulationView } from "./SimulationContext.ts";
import "./chip.css";

/** In the header of every section, while clients are simulated: how many, the way to them, and their end. */
export function SimulationChip() {
  const { t } = useTranslation();
  const running = useRunning();
  const count = useSimulationView().clients.length;
  if (count === 0) return null;
  return (
    <span className="chip" data-testid="simulation-chip">
      <Link href="/simulador" className="chip-link" aria-label={t("simulator.chip", { count })}>
        <IconFlask size={15} aria-hidden />
        <span className="numbers">{count}</span>
        <span className="chip-word">{t("simulator.chipWord", { count })}</span>
      </Link>
      <button
        type="button"
        className="chip-stop"
        aria-label={t("simulator.chipStop")}
        title={t("simulator.chipStop")}
        onClick={running.stop}
      >
        <IconX size={14} aria-hidden />
      </button>
    </span>
  );
}
