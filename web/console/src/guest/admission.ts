import { ApiError, createApi } from "../api/client.ts";
import type { Entrance } from "../api/records.ts";
import { language } from "../i18n/index.ts";
import { navigate } from "../shell/address.ts";
import { GUEST_PAGES } from "../shell/guestPage.ts";

/** Why there is none: no pass in the address, one that is used or too old, or no answer. */
export type Refusal = "missing" | "used" | "busy" | "unreachable";

export class NotAdmitted extends Error {
  override readonly name = "NotAdmitted";

  constructor(readonly reason: Refusal) {
    super(reason);
  }
}

/** A pass is good once: whoever asks again for the same gets the same answer. */
const asked = new Map<string, Promise<Entrance>>();

export function redeem(pass: string): Promise<Entrance> {
  const running = asked.get(pass) ?? exchange(pass);
  asked.set(pass, running);
  return running;
}

async function exchange(pass: string): Promise<Entrance> {
  try {
    const api = createApi({ credential: null, locale: language });
    return await api.post<Entrance>("/v1/passes/redeem", { pass });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const isAgain = error.status === 0 || error.status >= 500;
    if (isAgain) asked.delete(pass); // the server has not taken it
    throw new NotAdmitted(isAgain ? "unreachable" : error.status === 429 ? "busy" : "used");
  }
}

const KEPT = "sio-server:guest";

/** Of this tab, so that a reload does not need another pass. */
function kept(): Entrance | null {
  try {
    const admission = JSON.parse(sessionStorage.getItem(KEPT) ?? "null") as Entrance | null;
    return admission !== null && Date.parse(admission.expires_at) > Date.now() ? admission : null;
  } catch {
    return null; // a browser that keeps nothing for this site
  }
}

function keep(admission: Entrance): void {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(admission));
  } catch {
    // Until it is reloaded, then.
  }
}

/**
 * Exchanges the pass in the address, or finds what one was exchanged for before a reload. Raises `NotAdmitted`. The pass
 * is taken out of the address: it is of no use to whoever would get it from there.
 */
export async function admitPhone(): Promise<Entrance> {
  const pass = new URLSearchParams(window.location.hash.split("?")[1] ?? "").get("pase");
  if (pass === null) {
    const before = kept();
    if (before === null) throw new NotAdmitted("missing");
    return before;
  }
  const admission = await redeem(pass);
  keep(admission);
  navigate(GUEST_PAGES.phone, { replace: true });
  return admission;
}
