import { useEffect, useState, type ReactNode } from "react";
import { createRunning, SimulationContext } from "./SimulationContext.ts";

/** Holds the simulated clients for as long as somebody is signed in, whichever section is shown. */
export function SimulationProvider({ children }: { children: ReactNode }) {
  const [running] = useState(createRunning);
  useEffect(() => running.stop, [running]);
  return <SimulationContext value={running}>{children}</SimulationContext>;
}
