// Long lists and long lives: everything can be reached, and nothing grows without end.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createHandlers } from "../../src/core/handlers.ts";
import { createInbox } from "../../src/core/inbox.ts";
import { createLists } from "../../src/core/lists.ts";
import type { AnyEnvelope } from "../../src/core/types.ts";
import { newUser, serverOfFile } from "../server.ts";
import { connect, shortest } from "./notifiers.ts";

const server = serverOfFile();
const until = async (check: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 120_000, interval: 20 });

afterEach(() => {
  vi.useRealTimers();
});

async function publish(user: string, from: number, count: number): Promise<void> {
  for (let first = from; first < from + count; first += 1_000) {
    const size = Math.min(1_000, from + count - first);
    const items = Array.from({ length: size }, (_, at) => ({
      type: "test",
      message: String(first + at),
      audience: { users: [user] },
    }));
    await server.ask("/v1/notifications/batch", { notifications: items });
  }
}

const descending = (from: number, count: number): number[] => Array.from({ length: count }, (_, at) => from - at);

describe("a long list", () => {
  it.each([5_000])("of %d can be read to its end, in order and each once, whatever comes meanwhile", async (length) => {
    const user = newUser();
    const notifier = connect({ url: server.url, identity: { user } });
    await until(() => {
      expect(notifier.getState().connection.status).toBe("connected");
    });
    await publish(user, 0, length);
    const reader = connect({ url: server.url, identity: { user } });
    const list = reader.list({ limit: 100 });
    list.subscribe(() => undefined);
    await until(() => {
      expect(list.getState().items).toHaveLength(100);
    });
    let arrived = 0;
    while (list.getState().hasMore) {
      const before = list.getState().items.length;
      if (arrived < 50) await publish(user, length + arrived++, 1);
      await list.fetchMore();
      expect(list.getState().error).toBeUndefined();
      expect(list.getState().items.length).toBeGreaterThan(before);
    }
    await until(() => {
      expect(list.getState().items.map(({ message }) => Number(message))).toEqual(
        descending(length + arrived - 1, length + arrived),
      );
    });
    expect(reader.getState().counts.unread).toBe(length + arrived);
  });

  it("that nobody scrolled goes on below what came live and was let go of", async () => {
    const user = newUser();
    const notifier = connect({ url: server.url, identity: { user } });
    const list = notifier.list({ limit: 100 });
    list.subscribe(() => undefined);
    await until(() => {
      expect(list.getState()).toMatchObject({ isLoading: false, hasMore: false });
    });
    await publish(user, 0, 4_500);
    await until(() => {
      expect(list.getState().items[0]?.message).toBe("4499");
    });
    expect(list.getState().items.length).toBeLessThanOrEqual(2_000);
    expect(notifier.getState().items.length).toBeLessThanOrEqual(2_000);
    expect(notifier.getState().counts.unread).toBe(4_500);
    expect(list.getState().hasMore).toBe(true);
    while (list.getState().hasMore) await list.fetchMore();
    expect(list.getState().items.map(({ message }) => Number(message))).toEqual(descending(4_499, 4_500));
    await publish(user, 4_500, 1);
    await until(() => {
      expect(list.getState().items).toHaveLength(4_501);
    });
  });
});

function envelope(seq: number): AnyEnvelope {
  return {
    id: `id-${seq}`,
    seq,
    cursor: `e-${seq}`,
    type: seq % 3 ? "test" : "tour_creado",
    title: null,
    message: `number ${seq}`,
    data: {},
    timestamp: "2026-01-01T00:00:00.000Z",
    priority: "normal",
    link: null,
    actor: null,
    expires_at: null,
    replayed: false,
  };
}

describe("a tab whose connection is cut again and again", () => {
  it("holds no more after the last time than after the first", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    shortest();
    const user = newUser();
    const notifier = connect({ url: server.url, identity: { user } });
    let times = 0;
    notifier.onControl("ns:hello", () => times++);
    const held = (): number => process.getActiveResourcesInfo().filter((name) => /Timeout|TCP/.test(name)).length;
    const cut = async (): Promise<void> => {
      const before = times;
      await server.cut(user);
      await until(() => {
        expect(times).toBeGreaterThan(before);
        expect(notifier.getState().connection.status).toBe("connected");
      });
    };
    await until(() => {
      expect(notifier.getState().connection.status).toBe("connected");
    });
    await cut();
    const first = held();
    for (let round = 0; round < 30; round++) await cut();
    await until(() => {
      expect(held()).toBeLessThanOrEqual(first + 2);
    });
    vi.restoreAllMocks();
  });
});

/** Bytes of what this process holds, once all that nothing refers to is gone. */
function heap(): number {
  collect();
  return process.memoryUsage().heapUsed;
}
/** What was asked for has come. */
const answered = (): Promise<void> => new Promise((done) => setImmediate(done));

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

describe("a tab that stays open for a week", () => {
  /** One that hears of everything, with a server that has an empty page for whoever asks. */
  function tab() {
    const [inbox, handlers] = [createInbox(), createHandlers()];
    let items = inbox.view().items;
    const listeners = new Set<() => void>();
    const show = (): void => {
      items = inbox.view().items;
      for (const listener of listeners) listener();
    };
    const counts = { unread: 0, unseen: 0, at_seq: 0 };
    const lists = createLists({
      inbox,
      http: {
        call: () => Promise.reject(new Error("not asked")),
        act: () => Promise.reject(new Error("not asked")),
        page: () => Promise.resolve({ items: [], next_before: null, counts }),
        mark: () => Promise.reject(new Error("not asked")),
      },
      items: () => items,
      subscribe: (listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
      ready: () => Promise.resolve(true),
      changed: show,
      flush: show,
    });
    const hear = (seq: number): void => {
      const notification = envelope(seq);
      if (handlers.isNew(notification.id)) inbox.receive(notification);
      lists.trim();
    };
    return { inbox, lists, hear, show, listeners };
  }

  it("holds no more at its end than after its second day, and its counters are right", async () => {
    const { inbox, lists, hear, show, listeners } = tab();
    const ends = [{}, { status: "unread" as const }, { types: ["tour_creado"] }].map((options) =>
      lists.list(options).subscribe(() => undefined),
    );
    await Promise.resolve();
    const perDay = 2_500;
    const held: number[] = [];
    const bytes: number[] = [];
    for (let day = 0; day < 7; day++) {
      for (let number = 1; number <= perDay; number++) hear(day * perDay + number);
      // Somebody looks now and then at something else.
      for (let other = 0; other < 10; other++)
        lists.list({ types: [`day-${day}-${other}`] }).subscribe(() => undefined)();
      show();
      await answered();
      held.push(inbox.view().items.length);
      bytes.push(heap());
    }
    // Five days more are 12,500 notifications of some 500 bytes each: if they were kept, that would be 6 MB.
    expect((bytes[6] ?? 0) - (bytes[1] ?? 0)).toBeLessThan(500_000);
    expect(inbox.view().counts.unread).toBe(7 * perDay);
    expect(Math.max(...held)).toBeLessThanOrEqual(4_000);
    expect(held[6]).toBeLessThanOrEqual((held[1] ?? 0) + 500);
    for (const end of ends) end();
    expect(listeners.size).toBe(0);
    for (let number = 1; number <= 1_000; number++) hear(7 * perDay + number);
    expect(inbox.view().items.length).toBeLessThanOrEqual(2_000);
  });
});
