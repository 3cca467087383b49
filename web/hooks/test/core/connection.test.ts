import { describe, expect, it, vi } from "vitest";
import type { Notifier } from "../../src/core/notifier.ts";
import type { AnyEnvelope, TokenReason } from "../../src/core/types.ts";
import { connect } from "./notifiers.ts";
import { newUser, Server, token, serverOfFile } from "../server.ts";

const status = (notifier: Notifier): string => notifier.getState().connection.status;
const messages = (notifier: Notifier): string[] => notifier.getState().items.map((item) => item.message);
const patience = { timeout: 120_000, interval: 20 };
const until = async (check: () => void | Promise<void>): Promise<void> => vi.waitFor(check, patience);
const connected = (notifier: Notifier): Promise<void> =>
  until(() => {
    expect(status(notifier)).toBe("connected");
  });

describe("in development", () => {
  const server = serverOfFile();

  it("connects as whom it says it is, and receives what is for this user", async () => {
    const user = newUser();
    const notifier = connect({ url: server.url, identity: { user, role: "turista" } });
    await connected(notifier);
    await server.publish(user, { message: "for you" });
    await until(() => {
      expect(messages(notifier)).toEqual(["for you"]);
    });
    expect(notifier.getState()).toMatchObject({ user, roles: ["turista"], counts: { unread: 1, unseen: 1 } });
    expect(notifier.getState().connection).toMatchObject({ transport: "websocket", isLeader: true, attempts: 0 });
  });

  it("acknowledges what arrived", async () => {
    const user = newUser();
    const notifier = connect({ url: server.url, identity: { user } });
    await connected(notifier);
    const { id } = await server.publish(user);
    await until(async () => {
      expect((await server.ask(`/v1/notifications/${id}`)).receipts).toMatchObject({ acknowledged: 1 });
    });
  });

  it("lists the inbox, marks in it, and tells the user's other connections", async () => {
    const user = newUser();
    const options = { url: server.url, identity: { user } };
    await connected(connect(options)); // an inbox starts when its user is first seen
    const { id } = await server.publish(user, { message: "first" });
    await server.publish(user, { message: "second" });
    const [here, there] = [connect(options), connect(options)];
    await Promise.all([connected(here), connected(there)]);
    const list = here.list({ status: "unread" });
    list.subscribe(() => undefined);
    await until(() => {
      expect(list.getState().items.map((item) => item.message)).toEqual(["second", "first"]);
    });
    const marked = here.mark("read", [id]);
    expect(list.getState().items.map((item) => item.message)).toEqual(["second"]);
    expect(here.getState().counts.unread).toBe(1);
    await marked;
    expect(here.getState().counts.unread).toBe(1);
    await until(() => {
      expect(there.getState().counts).toEqual({ unread: 1, unseen: 1 });
    });
    await here.mark("read", "all");
    await until(() => {
      expect(there.getState().counts).toEqual({ unread: 0, unseen: 0 });
    });
    expect(list.getState().items).toEqual([]);
  });

  it("takes a change back when it fails, and says so", async () => {
    const user = newUser();
    const notifier = connect({ url: server.url, identity: { user } });
    await connected(notifier);
    const { id } = await server.publish(user);
    await until(() => {
      expect(notifier.getState().counts.unread).toBe(1);
    });
    const { items, counts } = notifier.getState();
    notifier.update({ tabs: "own", url: "http://127.0.0.1:9", identity: { user } }); // nobody listens there
    const failing = notifier.mark("archive", [id]);
    expect(notifier.getState().counts).toEqual({ unread: 0, unseen: 0 });
    await expect(failing).rejects.toMatchObject({ name: "NotifierError", code: "network" });
    expect(notifier.getState().items).toEqual(items);
    expect(notifier.getState().counts).toEqual(counts);
  });

  it("fetches page after page to the end, in order and without a gap", async () => {
    const user = newUser();
    const options = { url: server.url, identity: { user } };
    const first = connect(options);
    await connected(first);
    for (let number = 0; number < 12; number++) await server.publish(user, { message: String(number) });
    const notifier = connect(options);
    const list = notifier.list({ limit: 5 });
    list.subscribe(() => undefined);
    const shown = (): number[] => list.getState().items.map((item) => Number(item.message));
    await until(() => {
      expect(shown()).toEqual([11, 10, 9, 8, 7]);
    });
    expect(list.getState()).toMatchObject({ hasMore: true, isLoading: false });
    await list.fetchMore();
    await list.fetchMore();
    expect(shown()).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    expect(list.getState().hasMore).toBe(false);
  });

  it("keeps what an anonymous visitor gets, and their marks, in the page", async () => {
    const notifier = connect({ url: server.url, identity: { role: "visitante" } });
    await connected(notifier);
    const list = notifier.list();
    list.subscribe(() => undefined);
    const { id } = await server.publish("", { audience: { roles: ["visitante"] } });
    await until(() => {
      expect(notifier.getState().counts.unread).toBe(1);
    });
    await notifier.mark("read", [id]);
    expect(notifier.getState().counts.unread).toBe(0);
    expect(list.getState()).toMatchObject({ error: undefined, hasMore: false, isLoading: false });
  });

  it("is not stopped by a handler that throws", async () => {
    const user = newUser();
    const notifier = connect({ url: server.url, identity: { user } });
    const report = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const heard: string[] = [];
    notifier.on("*", () => {
      throw new Error("a bug of the application");
    });
    notifier.on("test", (notification) => void heard.push(notification.message));
    await connected(notifier);
    await server.publish(user);
    await until(() => {
      expect(heard).toEqual(["Hola"]);
    });
    expect(report).toHaveBeenCalledOnce();
    report.mockRestore();
  });
});

describe("with tokens", () => {
  const server = serverOfFile({ secrets: true });

  function asked(...tokens: string[]): { reasons: TokenReason[]; getToken: (reason: TokenReason) => string | null } {
    const reasons: TokenReason[] = [];
    return {
      reasons,
      getToken: (reason) => (reasons.push(reason), (tokens.length > 1 ? tokens.shift() : tokens[0]) ?? null),
    };
  }

  it("knows from the token whose notifications these are, and asks for it once", async () => {
    const user = newUser();
    const { reasons, getToken } = asked(token(user));
    const notifier = connect({ url: server.url, getToken });
    await connected(notifier);
    expect(notifier.getState().user).toBe(user);
    expect(reasons).toEqual(["connect"]);
  });

  it("renews a token that has expired once, and connects", async () => {
    const user = newUser();
    const { reasons, getToken } = asked(token(user, { ttl: -3600, iat: -7200 }), token(user));
    const notifier = connect({ url: server.url, user, getToken });
    await connected(notifier);
    expect(reasons).toEqual(["connect", "rejected"]);
  });

  it("stops when the renewed token has expired as well", async () => {
    const user = newUser();
    const { reasons, getToken } = asked(token(user, { ttl: -3600, iat: -7200 }));
    const notifier = connect({ url: server.url, user, getToken });
    await until(() => {
      expect(status(notifier)).toBe("unauthorized");
    });
    expect(notifier.getState().connection.lastError).toBe("token_expired");
    expect(reasons).toEqual(["connect", "rejected"]);
  });

  it("stops when the server refuses another token as well, and goes on when it is told to", async () => {
    const user = newUser();
    const wrong = `${token(user).slice(0, -4)}AAAA`;
    const { reasons, getToken } = asked(wrong, wrong, token(user));
    const notifier = connect({ url: server.url, user, getToken });
    await until(() => {
      expect(status(notifier)).toBe("unauthorized");
    });
    expect(notifier.getState().connection.lastError).toBe("invalid_token");
    expect(reasons).toEqual(["connect", "rejected"]);
    notifier.retryNow();
    await connected(notifier);
  });

  it("is signed out when there is no token", async () => {
    const notifier = connect({ url: server.url, user: newUser(), getToken: () => null });
    await until(() => {
      expect(status(notifier)).toBe("unauthorized");
    });
    expect(notifier.getState().connection.lastError).toBe("signed_out");
  });

  it("tries again when the application cannot get a token now", async () => {
    const user = newUser();
    let failures = 1;
    const getToken = (): Promise<string> =>
      failures-- > 0 ? Promise.reject(new Error("the backend is down")) : Promise.resolve(token(user));
    const notifier = connect({ url: server.url, user, getToken });
    await connected(notifier);
  });

  it("renews a token that is about to expire on the same connection", async () => {
    const user = newUser();
    const { reasons, getToken } = asked(token(user, { ttl: 16 }), token(user));
    const notifier = connect({ url: server.url, user, getToken });
    const seen = new Set<string>();
    notifier.subscribe(() => void seen.add(status(notifier)));
    await until(() => {
      expect(reasons).toEqual(["connect", "expiring"]);
    });
    await server.publish(user);
    await until(() => {
      expect(messages(notifier)).toEqual(["Hola"]);
    });
    expect([...seen].filter((name) => name !== "connected" && name !== "connecting")).toEqual([]);
  });

  it("does not come back when the server says that it should not", async () => {
    const user = newUser();
    const notifier = connect({ url: server.url, user, getToken: () => token(user, { iat: -60 }) });
    await connected(notifier);
    await server.ask(`/v1/users/${user}/disconnect`, {});
    await until(() => {
      expect(status(notifier)).toBe("unauthorized");
    });
    expect(notifier.getState().connection.lastError).toBe("token_revoked");
  });

  it("leaves nothing of one user when the token becomes another's", async () => {
    const [ana, eva] = [newUser(), newUser()];
    let who = ana;
    const notifier = connect({ url: server.url, getToken: () => token(who, { iat: -60 }) });
    await connected(notifier);
    await server.publish(ana, { message: "for Ana" });
    await until(() => {
      expect(messages(notifier)).toEqual(["for Ana"]);
    });
    who = eva;
    const shown = new Set<string>();
    notifier.subscribe(() => {
      const { user, items } = notifier.getState();
      for (const item of items) shown.add(`${user ?? "nobody"}: ${item.message}`);
    });
    await server.ask(`/v1/users/${ana}/disconnect`, {});
    await until(() => {
      if (status(notifier) === "unauthorized") notifier.retryNow();
      expect(notifier.getState().user).toBe(eva);
    });
    expect(messages(notifier)).toEqual([]);
    await server.publish(eva, { message: "for Eva" });
    await until(() => {
      expect(messages(notifier)).toEqual(["for Eva"]);
    });
    expect([...shown]).not.toContain(`${eva}: for Ana`);
  });
});

describe("when the server goes", () => {
  it("misses nothing that was published while it was away, in order and once, and says what is replayed", async () => {
    const server = new Server();
    await server.start();
    const user = newUser();
    const notifier = connect({ url: server.url, identity: { user } });
    const heard: AnyEnvelope[] = [];
    notifier.on("*", (notification) => void heard.push(notification as AnyEnvelope), { replayed: true });
    const live: string[] = [];
    notifier.on("test", (notification) => void live.push(notification.message));
    await connected(notifier);
    await server.publish(user, { message: "before" });
    await until(() => {
      expect(heard).toHaveLength(1);
    });
    await server.stop("SIGKILL");
    await until(() => {
      expect(status(notifier)).toBe("reconnecting");
    });
    expect(notifier.getState().connection.retryAt).toBeGreaterThan(0);
    await server.start();
    // Until the notifier tries again nobody is there: what is published now is missed.
    for (const message of ["one", "two", "three"]) await server.publish(user, { message });
    notifier.retryNow();
    await until(() => {
      expect(heard.length).toBeGreaterThanOrEqual(4);
    });
    await server.publish(user, { message: "after" });
    await until(() => {
      expect(heard.map(({ message }) => message)).toEqual(["before", "one", "two", "three", "after"]);
    });
    await until(() => {
      expect(notifier.getState().counts.unread).toBe(5);
    });
    expect(live.filter((message) => ["one", "two", "three"].includes(message))).toEqual(
      heard
        .filter(({ replayed, message }) => !replayed && ["one", "two", "three"].includes(message))
        .map((one) => one.message),
    );
    await server.remove();
  });

  it("comes back by itself after a drain", async () => {
    const server = new Server();
    await server.start();
    const user = newUser();
    const notifier = connect({ url: server.url, identity: { user } });
    await connected(notifier);
    const shortest = vi.spyOn(Math, "random").mockReturnValue(0); // of the waits between attempts
    await server.stop("SIGTERM");
    await until(() => {
      expect(status(notifier)).toBe("reconnecting");
    });
    await server.start();
    await connected(notifier);
    shortest.mockRestore();
    await server.remove();
  });

  it("begins anew and fetches its lists when the log is another one", async () => {
    const [old, fresh] = [new Server(), new Server()];
    await old.start();
    const user = newUser();
    let lost = 0;
    const notifier = connect({ url: old.url, identity: { user }, onUnrecovered: () => lost++ });
    const list = notifier.list();
    list.subscribe(() => undefined);
    await connected(notifier);
    await old.publish(user, { message: "gone" });
    await until(() => {
      expect(messages(notifier)).toEqual(["gone"]);
    });
    await fresh.start();
    await fetch(`${fresh.url}/v1/inbox?user=${user}`);
    await fresh.publish(user, { message: "there" });
    notifier.update({ tabs: "own", url: fresh.url, identity: { user }, onUnrecovered: () => lost++ });
    await old.remove();
    await until(() => {
      expect(list.getState().items.map((item) => item.message)).toEqual(["there"]);
    });
    expect(lost).toBe(1);
    expect(notifier.getState().counts.unread).toBe(1);
    await fresh.remove();
  });

  it("resumes after a reload where it was, if it may keep its place", async () => {
    const server = new Server();
    await server.start();
    const user = newUser();
    const kept = new Map<string, string>();
    const storage = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    };
    const options = { url: server.url, identity: { user }, storage };
    const before = connect(options);
    await connected(before);
    await server.publish(user);
    await until(() => {
      expect(kept.size).toBe(1);
    });
    const place = new Map(kept);
    before.close();
    expect(kept.size).toBe(0);
    for (const [key, value] of place) kept.set(key, value);
    await server.publish(user, { message: "while reloading" });
    const after = connect(options);
    const replayed: string[] = [];
    after.on("*", (notification) => notification.replayed && void replayed.push(notification.message), {
      replayed: true,
    });
    await until(() => {
      expect(replayed).toEqual(["while reloading"]);
    });
    await server.remove();
  });
});
