// What a console or a backend uses of the kit: events of its own, control events, a publisher's key.
import { describe, expect, it, vi } from "vitest";
import { createNotifier, type Notifier } from "../../src/core/notifier.ts";
import { nameOf } from "../../src/core/target.ts";
import { connect, prepare } from "./notifiers.ts";
import { newUser, PUBLISH_KEY, serverOfFile } from "../server.ts";

const until = async (check: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 120_000, interval: 20 });
const becomes = (notifier: Notifier, status: string): Promise<void> =>
  until(() => {
    expect(notifier.getState().connection.status).toBe(status);
  });

interface Observed {
  items: { message: string }[];
}

describe("a request", () => {
  const server = serverOfFile();

  it("is answered by the server", async () => {
    const notifier = connect({ url: server.url, identity: {} });
    await becomes(notifier, "connected");
    const answer = await notifier.request("ns:observe", { on: true });
    expect(answer).toMatchObject({ ok: true, seq: expect.any(Number) as number });
  });

  it("that the server refuses is answered with the reason", async () => {
    const notifier = connect({ url: server.url, identity: {} });
    await becomes(notifier, "connected");
    const answer = await notifier.request("ns:observe", { on: "perhaps" });
    expect(answer).toMatchObject({ ok: false, error: { code: "invalid_data", detail: expect.any(String) as string } });
  });

  it("fails where there is no connection", async () => {
    const notifier = createNotifier({ url: server.url, identity: {} });
    const failure = { name: "NotifierError", code: "network" };
    await expect(notifier.request("ns:observe", { on: true })).rejects.toMatchObject(failure);
    const cut = connect({ url: server.url, identity: {} });
    await becomes(cut, "connected");
    cut.close();
    await expect(cut.request("ns:observe", { on: true })).rejects.toMatchObject(failure);
  });
});

describe("control events", () => {
  const server = serverOfFile();

  it("are heard by name until one has heard enough, whatever another handler does", async () => {
    const user = newUser();
    const notifier = connect({ url: server.url, identity: {} });
    const report = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const [first, second]: [string[], string[]] = [[], []];
    const hear = (heard: string[]) =>
      notifier.onControl("ns:observed", (body) => {
        for (const { message } of (body as Observed).items) heard.push(message);
      });
    notifier.onControl("ns:observed", () => {
      throw new Error("a bug of the application");
    });
    const stop = hear(first);
    hear(second);
    const others = vi.fn();
    notifier.onControl("ns:state", others);
    await becomes(notifier, "connected");
    await notifier.request("ns:observe", { on: true });
    await server.publish(user, { message: "one" });
    await until(() => {
      expect([first, second]).toEqual([["one"], ["one"]]);
    });
    stop();
    await server.publish(user, { message: "two" });
    await until(() => {
      expect(second).toEqual(["one", "two"]);
    });
    expect(first).toEqual(["one"]);
    expect(others).not.toHaveBeenCalled();
    expect(report).toHaveBeenCalledTimes(2);
    report.mockRestore();
  });

  it("that the kit itself acts on are heard, too", async () => {
    const user = newUser();
    const notifier = prepare({ url: server.url, identity: { user } });
    const heard: string[] = [];
    for (const event of ["ns:hello", "ns:state"])
      notifier.onControl(event, (body) => void heard.push(`${event} ${Object.keys(body as object).length > 0}`));
    notifier.start();
    await becomes(notifier, "connected");
    const { id } = await server.publish(user);
    await until(() => {
      expect(notifier.getState().items).toHaveLength(1);
    });
    await notifier.mark("read", [id]);
    await until(() => {
      expect(heard).toEqual(["ns:hello true", "ns:state true"]);
    });
  });
});

describe("a publisher's key", () => {
  const server = serverOfFile({ secrets: true });

  it("connects without a user, observes and publishes", async () => {
    const notifier = connect({ url: server.url, key: PUBLISH_KEY });
    await becomes(notifier, "connected");
    expect(notifier.getState().user).toBeNull();
    expect(await notifier.request("ns:observe", { on: true })).toMatchObject({ ok: true });
    const heard: string[] = [];
    notifier.onControl("ns:observed", (body) => {
      for (const { message } of (body as Observed).items) heard.push(message);
    });
    const body = { type: "test", message: "from a console", audience: { users: [newUser()] } };
    expect(await notifier.request("notify", body)).toMatchObject({ ok: true, type: "test" });
    await until(() => {
      expect(heard).toEqual(["from a console"]);
    });
  });

  it("that is wrong is refused, and not tried again", async () => {
    const notifier = connect({ url: server.url, key: `${PUBLISH_KEY}, nearly` });
    await becomes(notifier, "unauthorized");
    expect(notifier.getState().connection).toMatchObject({ lastError: "unauthorized", retryAt: undefined });
  });

  it("tells the tabs of one key from those of another, and is in no name that a page can list", () => {
    const [one, other] = [nameOf({ key: PUBLISH_KEY }, undefined), nameOf({ key: "another key" }, undefined)];
    expect(one).not.toBe(other);
    expect(one).toBe(nameOf({ key: PUBLISH_KEY }, undefined));
    expect(one).not.toContain(PUBLISH_KEY.slice(0, 8));
  });
});

describe("what is not stored", () => {
  const server = serverOfFile();

  it("is news, and in no list and no counter, since the server's inbox never has it", async () => {
    const user = newUser();
    const notifier = connect({ url: server.url, identity: { user } });
    const heard: string[] = [];
    notifier.on("*", ({ message }) => void heard.push(message));
    const list = notifier.list();
    list.subscribe(() => undefined);
    await becomes(notifier, "connected");
    await server.publish(newUser()); // a place in the log above all that this user has
    await server.publish(user, { message: "passing", persist: false });
    await server.publish(user, { message: "kept" });
    await until(() => {
      expect(heard).toEqual(["passing", "kept"]);
    });
    const inbox = (await server.ask(`/v1/inbox?user=${user}`)) as unknown as { counts: { unread: number } };
    expect(inbox.counts.unread).toBe(1);
    await until(() => {
      expect(notifier.getState().counts).toEqual({ unread: 1, unseen: 1 });
      expect(list.getState().items.map(({ message }) => message)).toEqual(["kept"]);
    });
  });
});
