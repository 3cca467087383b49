import type { Notifier } from "./notifier.ts";
import { NotifierError } from "./types.ts";

export interface TopicState {
  readonly following: boolean;
  /** Whether this user may follow it; undefined until the server has said so. */
  readonly allowed: boolean | undefined;
  /** A change was asked for, is shown, and is not confirmed yet. */
  readonly pending: boolean;
  /** Why the last change was taken back. */
  readonly error: Error | undefined;
}

interface Topics {
  may_follow: string[];
}

/** Whether a topic is one of these; `tour:*` is every one that begins so. */
const isAmong = (patterns: readonly string[], topic: string): boolean =>
  patterns.some((pattern) => (pattern.endsWith("*") ? topic.startsWith(pattern.slice(0, -1)) : topic === pattern));

/** What a user follows, may follow, and has asked for. */
function createTopics(notifier: Notifier) {
  const listeners = new Set<() => void>();
  const wanted = new Map<string, boolean>(); // asked for, and not confirmed
  const confirmed = new Map<string, boolean>(); // until the connection says what is followed
  const errors = new Map<string, Error>();
  const states = new Map<string, TopicState>();
  let mayFollow: readonly string[] | undefined;
  let { topics } = notifier.getState();
  let asked: string | null = null; // the user that was asked for
  let end: (() => void) | undefined;

  function tell(): void {
    for (const listener of [...listeners]) listener();
  }

  async function ask(user: string): Promise<void> {
    asked = user;
    mayFollow = undefined;
    for (const map of [wanted, confirmed, errors]) map.clear();
    try {
      ({ may_follow: mayFollow } = await notifier.call<Topics>("GET", "/v1/topics"));
    } catch (error) {
      // A server that knows of no such thing lets nobody; one that did not answer is asked again.
      if (error instanceof NotifierError && error.code !== "network") mayFollow = [];
      else asked = null;
    }
    tell();
  }

  function look(): void {
    const now = notifier.getState();
    if (now.topics !== topics) confirmed.clear();
    topics = now.topics;
    if (now.user !== null && now.user !== asked) void ask(now.user);
    tell();
  }

  return {
    subscribe: (listener: () => void): (() => void) => {
      listeners.add(listener);
      end ??= notifier.subscribe(look);
      look();
      return () => {
        listeners.delete(listener);
        if (listeners.size) return;
        end?.();
        end = undefined;
      };
    },
    get: (topic: string): TopicState => {
      const fresh: TopicState = {
        following: wanted.get(topic) ?? confirmed.get(topic) ?? notifier.getState().topics.includes(topic),
        allowed: mayFollow && isAmong(mayFollow, topic),
        pending: wanted.has(topic),
        error: errors.get(topic),
      };
      const before = states.get(topic);
      const names = Object.keys(fresh) as (keyof TopicState)[];
      if (before && names.every((name) => before[name] === fresh[name])) return before;
      states.set(topic, fresh);
      return fresh;
    },
    set: async (topic: string, follow: boolean): Promise<void> => {
      if (wanted.has(topic)) return;
      wanted.set(topic, follow);
      errors.delete(topic);
      tell();
      try {
        await notifier.call(follow ? "PUT" : "DELETE", `/v1/topics/${encodeURIComponent(topic)}`);
        confirmed.set(topic, follow);
      } catch (error) {
        errors.set(topic, error instanceof Error ? error : new Error(String(error)));
      }
      wanted.delete(topic);
      tell();
    },
  };
}

const made = new WeakMap<Notifier, ReturnType<typeof createTopics>>();

/** The topics of a notifier's user. */
export function topicsOf(notifier: Notifier): ReturnType<typeof createTopics> {
  const topics = made.get(notifier) ?? createTopics(notifier);
  made.set(notifier, topics);
  return topics;
}
