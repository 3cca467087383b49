import { describe, expect, it } from "vitest";
import { createInbox } from "../../src/core/inbox.ts";
import type { AnyEnvelope, AnyItem } from "../../src/core/types.ts";

function envelope(seq: number, fields: Partial<AnyEnvelope> = {}): AnyEnvelope {
  return {
    id: `id-${seq}`,
    seq,
    cursor: `e-${seq}`,
    type: "test",
    title: null,
    message: `number ${seq}`,
    data: {},
    timestamp: "2026-01-01T00:00:00.000Z",
    priority: "normal",
    link: null,
    actor: null,
    expires_at: null,
    replayed: false,
    ...fields,
  };
}

const item = (seq: number, state: Partial<AnyItem> = {}): AnyItem => ({
  ...envelope(seq, { replayed: true }),
  seen: false,
  read: false,
  archived: false,
  ...state,
});

const everything = { lowest: 0, highest: Infinity, matches: () => true };
const ids = (inbox: ReturnType<typeof createInbox>): string[] => inbox.view().items.map(({ id }) => id);

describe("an inbox", () => {
  it("merges replayed, live and fetched by id and shows the newest first", () => {
    const inbox = createInbox();
    inbox.receive(envelope(5));
    inbox.receive(envelope(3, { replayed: true }));
    inbox.page([item(5), item(4), item(3)], everything, { unread: 3, unseen: 3, at_seq: 5 }, inbox.version());
    inbox.receive(envelope(4, { replayed: true }));
    expect(ids(inbox)).toEqual(["id-5", "id-4", "id-3"]);
  });

  it("counts what the server counted and what is live above it, each once", () => {
    const inbox = createInbox();
    inbox.greet({ unread: 7, unseen: 2, at_seq: 10 });
    inbox.receive(envelope(10));
    inbox.receive(envelope(11));
    inbox.receive(envelope(11));
    expect(inbox.view().counts).toEqual({ unread: 8, unseen: 3 });
  });

  it("keeps the state of an item that comes again", () => {
    const inbox = createInbox();
    inbox.receive(envelope(1));
    inbox.change({ action: "read", ids: ["id-1"], counts: { unread: 0, unseen: 0, at_seq: 1 } });
    inbox.receive(envelope(1, { replayed: true }));
    expect(inbox.view().items[0]).toMatchObject({ read: true, seen: true });
  });

  it("shows a change at once and exactly what was there before when it is taken back", () => {
    const inbox = createInbox();
    inbox.greet({ unread: 5, unseen: 4, at_seq: 3 });
    for (const seq of [1, 2, 3, 4]) inbox.receive(envelope(seq));
    const before = inbox.view();
    const asked = { action: "read", ids: new Set(["id-2", "id-4"]), upTo: 0 } as const;
    inbox.begin(asked);
    expect(inbox.view().counts).toEqual({ unread: before.counts.unread - 2, unseen: before.counts.unseen - 2 });
    inbox.end(asked);
    expect(inbox.view()).toEqual(before);
  });

  it("takes back one change and leaves what happened meanwhile", () => {
    const inbox = createInbox();
    inbox.greet({ unread: 2, unseen: 2, at_seq: 2 });
    inbox.receive(envelope(1));
    inbox.receive(envelope(2));
    const asked = { action: "archive", ids: new Set(["id-1"]), upTo: 0 } as const;
    inbox.begin(asked);
    inbox.change({ action: "read", ids: ["id-2"], counts: { unread: 1, unseen: 1, at_seq: 2 } });
    inbox.receive(envelope(3));
    inbox.end(asked);
    const { items, counts } = inbox.view();
    expect(items.map(({ read, archived }) => [read, archived])).toEqual([
      [false, false],
      [true, false],
      [false, false],
    ]);
    expect(counts).toEqual({ unread: 2, unseen: 2 });
  });

  it("counts a change once when the server confirms it before it has answered", () => {
    const inbox = createInbox();
    inbox.greet({ unread: 2, unseen: 2, at_seq: 2 });
    inbox.receive(envelope(1));
    inbox.receive(envelope(2));
    inbox.begin({ action: "read", ids: new Set(["id-1"]), upTo: 0 });
    inbox.change({ action: "read", ids: ["id-1"], counts: { unread: 1, unseen: 1, at_seq: 2 } });
    expect(inbox.view().counts).toEqual({ unread: 1, unseen: 1 });
  });

  it("leaves nothing unread after a change of all but what came later", () => {
    const inbox = createInbox();
    inbox.greet({ unread: 40, unseen: 30, at_seq: 50 });
    inbox.receive(envelope(51));
    inbox.begin({ action: "read", ids: undefined, upTo: inbox.newest() });
    inbox.receive(envelope(52));
    expect(inbox.view().counts).toEqual({ unread: 1, unseen: 1 });
  });

  it("refuses a page that the socket has overtaken", () => {
    const inbox = createInbox();
    inbox.receive(envelope(1));
    const since = inbox.version();
    inbox.change({ action: "read", ids: ["id-1"], counts: { unread: 0, unseen: 0, at_seq: 1 } });
    expect(inbox.page([item(1)], everything, { unread: 1, unseen: 1, at_seq: 1 }, since)).toBe(false);
    expect(inbox.view().items[0]?.read).toBe(true);
    expect(inbox.view().counts.unread).toBe(0);
  });

  it("drops what the server's page should hold and does not", () => {
    const inbox = createInbox();
    for (const seq of [1, 2, 3, 9]) inbox.receive(envelope(seq));
    inbox.page([item(3)], { ...everything, lowest: 2 }, { unread: 1, unseen: 1, at_seq: 3 }, inbox.version());
    expect(ids(inbox)).toEqual(["id-9", "id-3", "id-1"]);
  });

  it("drops everything older once the log began anew", () => {
    const inbox = createInbox();
    inbox.receive(envelope(900));
    inbox.expire();
    inbox.receive(envelope(2, { id: "fresh" }));
    inbox.page([item(1)], everything, { unread: 2, unseen: 2, at_seq: 1 }, inbox.version());
    expect(ids(inbox)).toEqual(["fresh", "id-1"]);
  });

  it("brings back from the archive as read, and leaves the archive alone when all become unread", () => {
    const inbox = createInbox();
    inbox.receive(envelope(1));
    const counts = { unread: 0, unseen: 0, at_seq: 1 };
    inbox.change({ action: "archive", ids: ["id-1"], counts });
    inbox.change({ action: "unread", up_to: 1, counts });
    expect(inbox.view().items[0]).toMatchObject({ archived: true, read: true });
    inbox.change({ action: "unarchive", ids: ["id-1"], counts });
    expect(inbox.view().items[0]).toMatchObject({ archived: false, read: true });
    inbox.change({ action: "unread", ids: ["id-1"], counts: { ...counts, unread: 1 } });
    expect(inbox.view().items[0]).toMatchObject({ archived: false, read: false });
  });

  it("lets go of what is neither among the newest nor shown, and counts it all the same", () => {
    const inbox = createInbox();
    inbox.greet({ unread: 7, unseen: 7, at_seq: 0 });
    for (let seq = 1; seq <= 5_000; seq++) inbox.receive(envelope(seq));
    expect(inbox.crowded()).toBe(true);
    const gone = inbox.evict(({ seq }) => seq === 17);
    const { items, counts } = inbox.view();
    expect(items.length + gone.length).toBe(5_000);
    expect(items.length).toBeLessThanOrEqual(2_000);
    expect([items[0]?.seq, items.at(-1)?.seq]).toEqual([5_000, 17]);
    expect(counts).toEqual({ unread: 5_007, unseen: 5_007 });
    expect(inbox.crowded()).toBe(false);
  });
});
