import type { Link } from "./link.ts";
import type { Sampler } from "./sampler.ts";

/**
 * Has the connection tried at once when the server answers again: the pauses between its attempts grow, and grow by
 * chance, for the sake of thousands of clients; whoever watches one server need not wait for that. Once for each time
 * that the server is back: where HTTP gets through and the connection does not, its own pauses have to do.
 */
export function reviveWith({ link, sampler }: { link: Link; sampler: Sampler }): () => void {
  let tried = false;
  return sampler.subscribe(() => {
    const { error } = sampler.getSnapshot();
    const { status } = link.getSnapshot();
    if (error !== null || status === "connected") tried = false;
    else if (status === "reconnecting" && isBack({ link, sampler }) && !tried) {
      tried = true;
      link.retryNow();
    }
  });
}

/** Whether the server has answered since the connection was lost. */
export function isBack({ link, sampler }: { link: Link; sampler: Sampler }): boolean {
  const { error, readAt } = sampler.getSnapshot();
  const { brokenAt } = link.getSnapshot();
  return error === null && readAt !== null && brokenAt !== null && readAt > brokenAt;
}
