import { createContext, useContext, useSyncExternalStore } from "react";
import type { Burst } from "./burst.ts";
import type { Simulation } from "./simulation.ts";
import { EMPTY_VIEW, type SimulationView } from "./view.ts";

export interface Made {
  simulation: Simulation;
  burst: Burst;
}

/** The clients that are simulated, if any are: they go on while another section is looked at. */
export interface Running {
  getSnapshot: () => SimulationView;
  subscribe: (listener: () => void) => () => void;
  /** What there is; with the first call what `make` makes, so that who simulates nothing loads nothing of it. */
  ensure: (make: () => Made) => Made;
  /** Ends bursts and clients. */
  stop: () => void;
}

export function createRunning(): Running {
  const listeners = new Set<() => void>();
  let made: Made | null = null;
  return {
    getSnapshot: () => made?.simulation.getSnapshot() ?? EMPTY_VIEW,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    ensure(make) {
      if (made === null) {
        made = make();
        made.simulation.subscribe(() => {
          for (const listener of listeners) listener();
        });
      }
      return made;
    },
    stop() {
      made?.burst.stop();
      made?.simulation.remove(null);
    },
  };
}

export const SimulationContext = createContext<Running | null>(null);

export function useRunning(): Running {
  const running = useContext(SimulationContext);
  if (running === null) throw new Error("useRunning needs a <SimulationProvider> above it");
  return running;
}

export function useSimulationView(): SimulationView {
  const { subscribe, getSnapshot } = useRunning();
  return useSyncExternalStore(subscribe, getSnapshot);
}
