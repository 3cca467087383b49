import { useCallback, useEffect, useState } from "react";
import type { GetToken } from "@sio-server/react";
import type { Entrance } from "../api/records.ts";
import { admitPhone, NotAdmitted, redeem, type Refusal } from "./admission.ts";
import type { ConsolePort } from "./port.ts";
import { surroundings } from "./surroundings.ts";

export type Entry =
  | { state: "waiting" }
  | { state: "refused"; reason: Refusal; retry: () => void }
  | { state: "admitted"; user: string; getToken: GetToken };

/** The console around the page gives it as many passes as it needs. */
async function passFrom(port: ConsolePort): Promise<Entrance> {
  const pass = await new Promise<string | null>((resolve) => {
    const stop = port.hear((said) => {
      if (said.say !== "pass") return;
      stop();
      resolve(said.pass);
    });
    port.say({ say: "pass" });
  });
  if (pass === null) throw new NotAdmitted("unreachable");
  return redeem(pass);
}

function admit(): Promise<Entrance> {
  const { framed } = surroundings();
  return framed === null ? admitPhone() : passFrom(framed);
}

/** Tokens for the kit: of one's own phone the one there is, in a frame a new one whenever that runs out. */
function tokensOf(first: Entrance): GetToken {
  const { framed } = surroundings();
  let last = first;
  return async (reason) => {
    if (reason === "connect") return last.token;
    if (framed === null) return reason === "rejected" ? null : last.token;
    last = await passFrom(framed);
    return last.token;
  };
}

/** Who this page is for, once a pass has been exchanged. */
export function useAdmission(): Entry {
  const [entry, setEntry] = useState<Entry>({ state: "waiting" });
  const [attempt, setAttempt] = useState(0);
  const retry = useCallback(() => {
    setEntry({ state: "waiting" });
    setAttempt((before) => before + 1);
  }, []);

  useEffect(() => {
    let isWanted = true;
    admit().then(
      (admission) => {
        if (isWanted) setEntry({ state: "admitted", user: admission.user, getToken: tokensOf(admission) });
      },
      (error: unknown) => {
        const reason = error instanceof NotAdmitted ? error.reason : "unreachable";
        if (isWanted) setEntry({ state: "refused", reason, retry });
      },
    );
    return () => {
      isWanted = false;
    };
  }, [attempt, retry]);

  return entry;
}
