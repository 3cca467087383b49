import { createContext, useContext, useSyncExternalStore } from "react";
import type { Feed, FeedSnapshot } from "./feed.ts";
import type { Link, LinkSnapshot } from "./link.ts";
import type { Sampler, SamplerSnapshot } from "./sampler.ts";

export interface Live {
  link: Link;
  feed: Feed;
  sampler: Sampler;
}

export const LiveContext = createContext<Live | null>(null);

export function useLive(): Live {
  const live = useContext(LiveContext);
  if (live === null) throw new Error("useLive needs a <LiveProvider> above it");
  return live;
}

export function useLink(): LinkSnapshot {
  const { link } = useLive();
  return useSyncExternalStore(link.subscribe, link.getSnapshot);
}

export function useFeed(): FeedSnapshot {
  const { feed } = useLive();
  return useSyncExternalStore(feed.subscribe, feed.getSnapshot);
}

export function useSampler(): SamplerSnapshot {
  const { sampler } = useLive();
  return useSyncExternalStore(sampler.subscribe, sampler.getSnapshot);
}
