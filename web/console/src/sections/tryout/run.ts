import type { Arrival, Stand } from "../../guest/port.ts";
import { tally, type Placed, type Tally } from "./tally.ts";

/** What the phone missed and was to get, from a cut (or from five at once) on. */
interface Round {
  expected: Placed[];
  /** What came over each wire since. */
  came: Record<Stand, Arrival[]>;
  /** Up to which place in the log a replay has been; 0 before one. */
  passed: number;
}

export interface RunView {
  isConnected: Readonly<Record<Stand, boolean>>;
  isUp: boolean;
  /** Milliseconds from the server to the desk of the last booking; null before the first. */
  ms: number | null;
  /** Bookings in this round, and how many of them are on the desk. */
  booked: number;
  onDesk: number;
  /** What became of them on the phone; null where there are none. */
  result: Tally | null;
  /** Whether the phone has come back after a cut and its replay is over. */
  isBack: boolean;
  hasCut: boolean;
}

export interface Run {
  getSnapshot: () => RunView;
  subscribe: (listener: () => void) => () => void;
  connected: (stand: Stand, isConnected: boolean) => void;
  arrived: (stand: Stand, arrival: Arrival) => void;
  /** The phone's line is cut, or whole again. */
  line: (isUp: boolean) => void;
  /** What comes next belongs together, and is counted together. */
  begin: () => void;
  /** The server has taken a booking; of those that are counted it is asked what became of them. */
  published: (booking: Placed, isCounted: boolean) => void;
  /** The phone's replay is over. */
  synced: () => void;
}

/** What happens between the two screens, told by their wires; it sends nothing itself. */
export function createRun(): Run {
  const listeners = new Set<() => void>();
  const isConnected: Record<Stand, boolean> = { desk: false, phone: false };
  const bookings = new Set<string>();
  let isUp = true;
  let hasCut = false;
  let isBack = false;
  let ms: number | null = null;
  let due = 0; // the place in the log of the last booking that was made before the line was whole again
  let round: Round = newRound();
  let view = look();

  function newRound(): Round {
    return { expected: [], came: { desk: [], phone: [] }, passed: 0 };
  }

  function look(): RunView {
    const { expected, came, passed } = round;
    // Over its socket a booking may come before the answer to its publish.
    ms = came.desk.findLast((one) => bookings.has(one.id) && one.ms !== null)?.ms ?? ms;
    return {
      isConnected: { ...isConnected },
      isUp,
      ms,
      booked: expected.length,
      onDesk: tally(expected, came.desk, 0).received,
      result: expected.length === 0 ? null : tally(expected, came.phone, passed),
      isBack,
      hasCut,
    };
  }

  function tell() {
    view = look();
    for (const listener of listeners) listener();
  }

  return {
    getSnapshot: () => view,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    connected(stand, now) {
      isConnected[stand] = now;
      tell();
    },
    arrived(stand, arrival) {
      round.came[stand].push(arrival);
      tell();
    },
    line(next) {
      if (next === isUp) return;
      isUp = next;
      if (isUp) due = Math.max(0, ...round.expected.map(({ seq }) => seq));
      else {
        hasCut = true;
        isBack = false;
        round = newRound();
      }
      tell();
    },
    begin() {
      if (isUp) round = newRound();
      tell();
    },
    published({ id, seq }, isCounted) {
      bookings.add(id);
      if (isCounted) round.expected.push({ id, seq });
      tell();
    },
    synced() {
      if (!isUp || !hasCut) return;
      isBack = true;
      round.passed = due;
      tell();
    },
  };
}
