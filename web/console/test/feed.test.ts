// @vitest-environment node
import { createNotifier } from "@sio-server/react/core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { Server } from "../e2e/server.ts";
import type { Api } from "../src/api/client.ts";
import type { NotificationRecord } from "../src/api/records.ts";
import { createBuffer } from "../src/live/buffer.ts";
import { createFeed, type Feed } from "../src/live/feed.ts";
import type { Link } from "../src/live/link.ts";

const BOUNDS = { running: 50, paused: 500 };

let server: Server;
let link: Link;
let feed: Feed;

beforeAll(async () => {
  server = await Server.start();
});
afterAll(() => server.stop());

/** What the page asks of its own server, asked from here. */
const api = { get: (path: string, query: Record<string, unknown>) => server.call(`${path}?${search(query)}`) } as Api;

function search(query: Record<string, unknown>): string {
  return new URLSearchParams(
    Object.entries(query).flatMap(([name, value]) => (value == null ? [] : [[name, `${value as string | number}`]])),
  ).toString();
}

beforeEach(async () => {
  const notifier = createNotifier({ url: server.url, identity: {}, tabs: "own" });
  link = {
    getSnapshot: () => ({
      status: notifier.getState().connection.status === "connected" ? "connected" : "reconnecting",
      attempts: 0,
      retryAt: null,
      brokenAt: null,
      transport: null,
      isLeader: true,
      error: null,
    }),
    subscribe: notifier.subscribe,
    request: notifier.request,
    on: notifier.onControl,
    retryNow: notifier.retryNow,
    open: notifier.start,
    close: notifier.close,
  };
  feed = createFeed(api, link, BOUNDS);
  link.open();
  await until(() => {
    expect(feed.getSnapshot()).toMatchObject({ source: "stream", isLoading: false });
  });
});
afterEach(() => {
  feed.close();
  link.close();
});

const until = (check: () => void) => vi.waitFor(check, { timeout: 15_000, interval: 20 });
const messages = () => feed.getSnapshot().records.map((record) => record.message);

async function publish(count: number, word: string): Promise<void> {
  const notifications = Array.from({ length: count }, (_, index) => ({ type: "test", message: `${word} ${index}` }));
  await server.call("/v1/notifications/batch", { notifications });
}

/** Waits until what is published comes by itself. */
async function live(word: string): Promise<void> {
  await vi.waitFor(
    async () => {
      await publish(1, word);
      expect(messages()).toContain(`${word} 0`);
    },
    { timeout: 15_000, interval: 100 },
  );
}

test("what came is held, or counted as let go", async () => {
  const before = feed.getSnapshot().records.length;
  await publish(400, "one");
  await until(() => {
    expect(feed.getSnapshot().total).toBe(400);
  });
  const { records, released } = feed.getSnapshot();
  expect(records.length).toBeLessThanOrEqual(BOUNDS.running * 1.1);
  expect(records.length + released).toBe(before + 400);
  expect(records.at(-1)?.message).toBe("one 399");
});

test("what comes while it is paused is held, and still there when it goes on", async () => {
  feed.clear();
  feed.hold();
  await publish(400, "paused");
  await until(() => {
    expect(feed.getSnapshot().total).toBe(400);
  });
  feed.go();
  await publish(1, "after");
  await until(() => {
    expect(messages().at(-1)).toBe("after 0");
  });
  expect(messages()).toHaveLength(401);
  expect(feed.getSnapshot().released).toBe(0);
});

test("a pause holds so many and no more, and tells how many it let go", async () => {
  feed.clear();
  feed.hold();
  await publish(700, "many");
  await until(() => {
    expect(feed.getSnapshot().total).toBe(700);
  });
  const { records, released } = feed.getSnapshot();
  expect(released).toBeGreaterThan(0);
  expect(records.length + released).toBe(700);
});

test("what a cut missed is read from the log, also where new ones came before it was", async () => {
  feed.clear();
  await publish(3, "before");
  await until(() => {
    expect(messages()).toHaveLength(3);
  });
  link.close();
  await publish(20, "missed");
  const get = api.get.bind(api);
  let go: (() => void) | undefined;
  const held = new Promise<void>((resolve) => (go = resolve));
  vi.spyOn(api, "get").mockImplementation(async (...question) => {
    const answer = await get(...question);
    await held;
    return answer;
  });
  link.open();
  await live("new");
  link.close(); // before the gap was closed: there are two now
  await publish(5, "missed again");
  link.open();
  await live("newer");
  go?.();
  await until(() => {
    for (const [word, count] of [["missed ", 20] as const, ["missed again ", 5] as const])
      for (let number = 0; number < count; number += 1) expect(messages()).toContain(`${word}${number}`);
  });
  vi.restoreAllMocks();
  const seqs = feed.getSnapshot().records.map((record) => record.seq);
  expect(seqs).toEqual([...new Set(seqs)].sort((one, other) => one - other));
});

test("what was published in a cut and is too much to read is counted", async () => {
  feed.clear();
  link.close();
  for (let round = 0; round < 21; round += 1) await publish(1_000, "flood");
  link.open();
  await until(() => {
    expect(messages().at(-1)).toBe("flood 999");
    expect(feed.getSnapshot().isLoading).toBe(false);
    const { records, released } = feed.getSnapshot();
    expect(records.length + released).toBe(21_000);
  });
}, 60_000);

test("what is held says what became of it: amended, replaced or taken back", async () => {
  feed.clear();
  const trip = { type: "test", collapse_key: "trip", audience: { users: ["ana"] } };
  const { id: first } = await server.notify({ ...trip, message: "5:30" });
  const { id: second } = await server.notify({ ...trip, message: "6:00" });
  const { id: third } = await server.notify({ type: "test", message: "wrong" });
  const change = async (id: string, method: string, body?: object) => {
    const headers = { "Content-Type": "application/json" };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    await fetch(`${server.url}/v1/notifications/${id}`, { method, headers, ...sent });
  };
  await change(second, "PATCH", { message: "6:15" });
  await change(third, "DELETE");
  await until(() => {
    const shown = feed
      .getSnapshot()
      .records.map(({ id, message, status, replaced_by: by }) => [id, message, status, by]);
    expect(shown).toEqual([
      [first, "5:30", "replaced", second],
      [second, "6:15", undefined, undefined],
      [third, "wrong", "retracted", undefined],
    ]);
  });
  expect(feed.getSnapshot().total).toBe(3);
});

test("what was taken back while a page of the log with it was on its way comes as taken back", () => {
  const buffer = createBuffer(BOUNDS);
  expect(buffer.retract(["1"])).toBe(0);
  buffer.add([recordOf("1", 1), recordOf("2", 2)]);
  expect(buffer.records.map(({ id, status }) => [id, status])).toEqual([
    ["1", "retracted"],
    ["2", undefined],
  ]);
  const held = buffer.hold();
  buffer.add([{ ...recordOf("3", 3), replaces: "2" }]);
  expect(held.map(({ status }) => status)).toEqual(["retracted", "replaced"]); // stands still, and tells no lies
  buffer.go();
  expect(buffer.retract(["3", "4"])).toBe(1);
});

function recordOf(id: string, seq: number): NotificationRecord {
  const rest = { cursor: "", type: "test", title: null, message: "", data: {}, timestamp: "", link: null, actor: null };
  const audience = { all: true, roles: [], users: [], topics: [], except: { users: [] } };
  return { id, seq, ...rest, priority: "normal", expires_at: null, audience, source: null, publisher: null };
}
