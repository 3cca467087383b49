/**
 * A notifier without a server: it holds the notifications it is given, and each state that a real one can be in can be
 * had at will. The components cannot tell the difference.
 */
import type { InboxGroup } from "../src/core/groups.ts";
import type { List } from "../src/core/lists.ts";
import { NO_STATE, type Notifier } from "../src/core/notifier.ts";
import type {
  Action,
  AnyEnvelope,
  AnyItem,
  ConnectionState,
  ItemState,
  ListOptions,
  ListState,
} from "../src/core/types.ts";

export interface Setup {
  items?: readonly AnyItem[];
  connection?: Partial<ConnectionState>;
  /** Lists that never come, or that fail. */
  lists?: "loading" | "failed";
  /** Refuses every change. */
  refuses?: boolean;
  /** What a catalogue says of the groups among the items. */
  headings?: Record<string, (count: number) => string>;
  /** In place of what the items add up to. */
  unread?: number;
}

export interface Stage extends Notifier {
  /** Something happens live. */
  publish: (item: AnyItem) => void;
  /** One is taken back: it is nowhere any more. */
  retract: (id: string) => void;
  /** Whether anybody would hear of it. */
  isHeard: () => boolean;
}

const EFFECTS: Record<Action, Partial<ItemState>> = {
  seen: { seen: true },
  read: { seen: true, read: true },
  unread: { read: false, archived: false },
  archive: { seen: true, read: true, archived: true },
  unarchive: { archived: false },
};

const PAGE = 25;

/** The items as a server groups them: each group stands where its newest does. */
function groupsOf(items: readonly AnyItem[], headings: Setup["headings"]): InboxGroup[] {
  const groups = new Map<string, InboxGroup>();
  for (const item of items) {
    if (item.archived) continue;
    const { group } = item;
    const { count, unread, newest } = groups.get(group ?? item.id) ?? { count: 0, unread: 0, newest: item };
    groups.set(group ?? item.id, {
      group: group ?? null,
      heading: headings?.[group ?? ""]?.(count + 1) ?? null,
      count: count + 1,
      unread: unread + Number(!item.read),
      newest,
    });
  }
  return [...groups.values()];
}

export function createStage(setup: Setup = {}): Stage {
  let items = [...(setup.items ?? [])];
  let state = NO_STATE;
  const listeners = new Set<() => void>();
  const handlers = new Set<(notification: AnyEnvelope) => void>();
  const lists = new Map<string, List>();

  function build(): void {
    const live = items.filter((item) => !item.archived);
    const unread = setup.unread ?? live.filter((item) => !item.read).length;
    const connection = { ...NO_STATE.connection, status: "connected" as const, isLeader: true, ...setup.connection };
    state = { ...NO_STATE, connection, user: "ana", items, counts: { unread, unseen: unread } };
  }
  function changed(): void {
    build();
    for (const listener of [...listeners]) listener();
  }
  const subscribe = (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };

  function createList({ status = "all", types = [], group, limit = PAGE }: ListOptions): List {
    let shown = limit;
    let built: ListState | undefined;
    let basis: unknown;
    const matches = (item: AnyItem): boolean =>
      item.archived === (status === "archived") &&
      (status !== "unread" || !item.read) &&
      (!types.length || types.includes(item.type)) &&
      (group === undefined || item.group === group);
    return {
      subscribe,
      getState: () => {
        if (built && basis === items) return built;
        basis = items;
        const all = items.filter(matches);
        return (built = {
          items: setup.lists ? [] : all.slice(0, shown),
          isLoading: setup.lists === "loading",
          isFetching: false,
          error: setup.lists === "failed" ? new Error("failed") : undefined,
          hasMore: !setup.lists && all.length > shown,
        });
      },
      fetchMore: () => {
        shown += limit;
        items = [...items];
        changed();
        return Promise.resolve();
      },
      refetch: () => Promise.resolve(),
    };
  }

  build();
  return {
    getState: () => state,
    subscribe,
    on: (_names: unknown, handler: unknown) => {
      handlers.add(handler as (notification: AnyEnvelope) => void);
      return () => void handlers.delete(handler as (notification: AnyEnvelope) => void);
    },
    onControl: () => () => undefined,
    request: () => Promise.resolve({ ok: true }),
    list: (options: ListOptions = {}) => {
      const key = JSON.stringify(options);
      const list = lists.get(key) ?? createList(options);
      lists.set(key, list);
      return list;
    },
    mark: (action, which) => {
      if (setup.refuses && action !== "seen") return Promise.reject(new Error("refused"));
      const reached = ({ id, group }: AnyItem): boolean =>
        which === "all" || ("group" in which ? group === which.group : which.includes(id));
      items = items.map((item) => (reached(item) ? { ...item, ...EFFECTS[action] } : item));
      changed();
      return Promise.resolve();
    },
    act: (id, action) => {
      const answered = { action, at: new Date().toISOString() };
      items = items.map((item) => (item.id === id ? { ...item, ...EFFECTS.read, answered } : item));
      changed();
      return Promise.resolve();
    },
    // All that is asked for in a gallery are the groups.
    call: <T>() => Promise.resolve({ items: groupsOf(items, setup.headings), next_before: null } as T),
    learn: () => undefined,
    retryNow: () => undefined,
    signOut: () => undefined,
    update: () => undefined,
    start: () => undefined,
    close: () => undefined,
    isHeard: () => handlers.size > 0,
    publish: (item) => {
      items = [item, ...items.filter(({ id }) => id !== item.replaces)];
      changed();
      for (const handler of [...handlers]) handler(item);
    },
    retract: (gone) => {
      items = items.filter(({ id }) => id !== gone);
      changed();
    },
  };
}
