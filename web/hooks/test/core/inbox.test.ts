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

describe("what becomes of an item", () => {
  const counted = (inbox: ReturnType<typeof createInbox>): number => inbox.view().counts.unread;

  it("is one with what takes its place, which is unread once more", () => {
    const inbox = createInbox();
    inbox.greet({ unread: 1, unseen: 1, at_seq: 5 });
    inbox.receive(envelope(5));
    for (const seq of [6, 7, 8]) inbox.receive(envelope(seq, { thread: "id-5", replaces: `id-${seq - 1}` }));
    expect(ids(inbox)).toEqual(["id-8"]);
    expect(counted(inbox)).toBe(1);
    inbox.change({ action: "read", ids: ["id-8"], counts: { unread: 0, unseen: 0, at_seq: 8 } });
    inbox.receive(envelope(9, { thread: "id-5", replaces: "id-8" }));
    expect(inbox.view().items).toMatchObject([{ id: "id-9", read: false }]);
    expect(counted(inbox)).toBe(1);
  });

  it("is not undone by what comes late: an older one of its row, a page, or an older revision", () => {
    const inbox = createInbox();
    inbox.receive(envelope(8, { thread: "id-5" }));
    inbox.receive(envelope(5));
    inbox.page([item(5)], everything, { unread: 1, unseen: 1, at_seq: 5 }, inbox.version());
    inbox.update(envelope(20, { id: "id-8", thread: "id-5", message: "second", revision: 2 }));
    inbox.update(envelope(19, { id: "id-8", thread: "id-5", message: "first", revision: 1 }));
    expect(inbox.view().items).toMatchObject([{ id: "id-8", seq: 8, message: "second" }]);
  });

  it("says something else where it stands when it is mended, with the state that it has", () => {
    const inbox = createInbox();
    inbox.receive(envelope(1, { link: "/old", image: "https://a/b.png" }));
    inbox.receive(envelope(2));
    inbox.change({ action: "read", ids: ["id-1"], counts: { unread: 1, unseen: 1, at_seq: 2 } });
    inbox.update(envelope(3, { id: "id-1", message: "mended", revision: 1 }));
    const [, mended] = inbox.view().items;
    expect(mended).toMatchObject({ id: "id-1", seq: 1, cursor: "e-1", message: "mended", read: true, link: null });
    expect(mended).not.toHaveProperty("image");
  });

  it("goes away when it is taken back, and its counters with it, told before or after", () => {
    const inbox = createInbox();
    inbox.greet({ unread: 3, unseen: 3, at_seq: 3 });
    for (const seq of [1, 2, 3, 4]) inbox.receive(envelope(seq));
    inbox.remove({ id: "id-2", seq: 5, cursor: "e-5" });
    inbox.remove({ id: "id-4", seq: 6, cursor: "e-6" });
    inbox.remove({ id: "unknown", seq: 7, cursor: "e-7" });
    expect([ids(inbox), counted(inbox)]).toEqual([["id-3", "id-1"], 2]);
    inbox.change({ action: "counted", ids: [], counts: { unread: 1, unseen: 1, at_seq: 8 } } as never);
    inbox.remove({ id: "id-3", seq: 8, cursor: "e-8" }); // the counters know of it
    expect([ids(inbox), counted(inbox)]).toEqual([["id-1"], 1]);
  });

  it("makes an answer over HTTP that was on its way old", () => {
    for (const news of [
      (inbox: ReturnType<typeof createInbox>) => {
        inbox.update(envelope(2, { id: "id-1", revision: 1 }));
      },
      (inbox: ReturnType<typeof createInbox>) => {
        inbox.remove({ id: "id-1", seq: 2, cursor: "e-2" });
      },
      (inbox: ReturnType<typeof createInbox>) => {
        inbox.answer({ id: "id-1", action: "yes", at: "now" });
      },
    ]) {
      const inbox = createInbox();
      const since = inbox.version();
      news(inbox);
      expect(inbox.page([item(1)], everything, { unread: 1, unseen: 1, at_seq: 1 }, since)).toBe(false);
    }
  });

  it("is answered and read at once, and exactly what it was when that is taken back", () => {
    const inbox = createInbox();
    inbox.receive(envelope(1));
    const before = inbox.view();
    const answered = { action: "yes", at: "2026-01-01T00:00:00Z" };
    const asked = { action: "read", ids: new Set(["id-1"]), upTo: 0, answered } as const;
    inbox.begin(asked);
    expect(inbox.view().items).toMatchObject([{ read: true, answered }]);
    inbox.end(asked);
    expect(inbox.view()).toEqual(before);
    inbox.answer({ id: "id-1", ...answered });
    expect(inbox.view().items).toMatchObject([{ answered }]);
  });

  it("is reached by a change of its group alone", () => {
    const inbox = createInbox();
    inbox.receive(envelope(1, { group: "a" }));
    inbox.receive(envelope(2, { group: "b" }));
    inbox.receive(envelope(3));
    inbox.begin({ action: "read", ids: undefined, group: "a", upTo: 3 });
    expect(inbox.view().items.map(({ read }) => read)).toEqual([false, false, true]);
    expect(counted(inbox)).toBe(2);
  });
});
