import { attempt } from "./guard.ts";
import { pageOrigin } from "./page.ts";
import { within } from "./timers.ts";

const ANSWER_MS = 5_000;

async function ask(url: string, mode: RequestMode): Promise<Response | undefined> {
  const late = (): Error => new Error("late");
  const asked = attempt(() => fetch(`${url}/health/live`, { mode, cache: "no-store" }));
  return asked && within(ANSWER_MS, asked, late).catch(() => undefined);
}

/** Whether the server answers this page over HTTP. */
export const answers = async (url: string): Promise<boolean> => (await ask(url, "cors"))?.ok ?? false;

/** Whether a server on another site than the page's is there, though this page may not read what it says. */
export async function isElsewhere(url: string): Promise<boolean> {
  const foreign = attempt(() => new URL(url).origin !== pageOrigin()) ?? false;
  return foreign && !(await answers(url)) && (await ask(url, "no-cors")) !== undefined;
}
