import { afterEach, describe, expect, it, vi } from "vitest";
import { createRenewal } from "../../src/core/renewal.ts";
import { createTokens } from "../../src/core/token.ts";
import type { GetToken, TokenReason } from "../../src/core/types.ts";
import { newUser, serverOfFile, token } from "../server.ts";
import { connect, shortest } from "./notifiers.ts";

const until = async (check: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 120_000, interval: 20 });

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const PAGE = "<html><head><title>502 Bad Gateway</title></head></html>";
const NONSENSE: [string, unknown][] = [
  ["a page that says 502", PAGE],
  ["an empty text", ""],
  ["blanks", "  "],
  ["the text undefined", "undefined"],
  ["a text in quotes", '"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln"'],
  ["two parts", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0"],
  ["four parts", "a.b.c.d"],
  ["a number", 7],
  ["an object", { token: "a.b.c" }],
  ["true", true],
];

describe("a function that gets tokens", () => {
  const server = serverOfFile({ secrets: true });

  it.each([
    ...NONSENSE.map(([name, value]) => [`answers ${name}`, () => value] as const),
    [
      "throws",
      () => {
        throw new Error("the backend is down");
      },
    ] as const,
    ["rejects", () => Promise.reject(new Error("the backend is down"))] as const,
    ["rejects with nothing", () => Promise.reject(undefined as unknown as Error)] as const,
  ])("and once %s is asked again, and the session goes on", async (_, fail) => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    shortest();
    const user = newUser();
    const reasons: TokenReason[] = [];
    const getToken = ((reason) => (reasons.push(reason) === 1 ? fail() : token(user))) as GetToken;
    const notifier = connect({ url: server.url, getToken });
    const errors = new Set<string | undefined>();
    notifier.subscribe(() => errors.add(notifier.getState().connection.lastError));
    await until(() => {
      expect(notifier.getState()).toMatchObject({ user, connection: { status: "connected" } });
    });
    expect([...errors].some((code) => code === "token_failed" || code === "token_malformed")).toBe(true);
    expect(reasons).toEqual(["connect", "connect"]);
  });

  it.each(NONSENSE)("and answers %s while it reconnects does not end the session", async (_, value) => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    shortest();
    const user = newUser();
    let asked = 0;
    const getToken = (() => (++asked === 2 ? value : token(user))) as GetToken;
    const notifier = connect({ url: server.url, user, getToken });
    await until(() => {
      expect(notifier.getState().connection.status).toBe("connected");
    });
    await server.cut(user);
    await until(() => {
      expect(asked).toBeGreaterThan(2);
      expect(notifier.getState().connection.status).toBe("connected");
    });
  });

  it("and never answers is not waited for without end", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const tokens = createTokens(() => () => new Promise(() => undefined));
    const waiting = expect(tokens.ask("connect")).rejects.toMatchObject({ code: "token_timeout" });
    await vi.advanceTimersByTimeAsync(15_000);
    await waiting;
  });

  it("and answers after its user has left is not believed", async () => {
    let answer: ((token: string) => void) | undefined;
    const tokens = createTokens(() => () => new Promise((resolve) => (answer = resolve)));
    const early = tokens.ask("connect");
    await Promise.resolve();
    tokens.forget();
    answer?.(token("ana"));
    await early;
    const next = tokens.current();
    await Promise.resolve();
    answer?.(token("eva"));
    expect(await next).toBe(await next);
    expect(await next).not.toBe(await early);
  });

  it("is asked for another one when the server refuses its token, once, and the session goes on", async () => {
    const user = newUser();
    const [wrong, reasons]: [string, TokenReason[]] = [`${token(user).slice(0, -4)}AAAA`, []];
    const getToken: GetToken = (reason) => (reasons.push(reason), reason === "rejected" ? token(user) : wrong);
    const notifier = connect({ url: server.url, user, getToken });
    await until(() => {
      expect(notifier.getState().connection.status).toBe("connected");
    });
    expect(reasons).toEqual(["connect", "rejected"]);
  });

  it("is asked for the one that the server refused until it has answered", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    shortest();
    const user = newUser();
    const reasons: TokenReason[] = [];
    const getToken: GetToken = (reason) => {
      reasons.push(reason);
      if (reasons.length === 2) throw new Error("the backend is down");
      return reason === "rejected" ? token(user) : token(user, { ttl: -3600, iat: -7200 });
    };
    const notifier = connect({ url: server.url, user, getToken });
    await until(() => {
      expect(notifier.getState().connection.status).toBe("connected");
    });
    expect(reasons).toEqual(["connect", "rejected", "rejected"]);
  });

  it("and has no other token than the one that runs out is not asked in a loop", async () => {
    const user = newUser();
    const [cached, reasons]: [string, TokenReason[]] = [token(user, { ttl: 24 }), []];
    const getToken: GetToken = (reason) => (reasons.push(reason), cached);
    const notifier = connect({ url: server.url, user, getToken });
    await until(() => {
      expect(reasons).toContain("expiring");
    });
    // Whatever else the server has to say comes before this answer.
    for (let round = 0; round < 20; round++) await notifier.request("ns:ack", { seq: 0 });
    expect(reasons).toEqual(["connect", "expiring"]);
    expect(notifier.getState().connection.status).toBe("connected");
  });

  it("and gives short-lived tokens, each another, is not asked in a loop", async () => {
    const user = newUser();
    const reasons: TokenReason[] = [];
    const getToken: GetToken = (reason) => (reasons.push(reason), token(user, { ttl: 20 + reasons.length }));
    const notifier = connect({ url: server.url, user, getToken });
    await until(() => {
      expect(reasons).toContain("expiring");
    });
    for (let round = 0; round < 20; round++) await notifier.request("ns:ack", { seq: 0 });
    expect(reasons).toEqual(["connect", "expiring"]);
    expect(notifier.getState().connection.status).toBe("connected");
  });

  it("and says that nobody is logged in is asked again when it is told to", async () => {
    const user = newUser();
    let signedIn = false;
    const notifier = connect({ url: server.url, getToken: () => (signedIn ? token(user) : null) });
    await until(() => {
      expect(notifier.getState().connection).toMatchObject({ status: "unauthorized", lastError: "signed_out" });
    });
    signedIn = true;
    notifier.retryNow();
    await until(() => {
      expect(notifier.getState()).toMatchObject({ user, connection: { status: "connected" } });
    });
    notifier.signOut();
    notifier.retryNow();
    await until(() => {
      expect(notifier.getState()).toMatchObject({ user, connection: { status: "connected" } });
    });
  });
});

describe("the renewal of a token", () => {
  it("is asked for again as its end comes nearer, while there is no other", async () => {
    vi.useFakeTimers();
    const ask = vi.fn(() => Promise.resolve(false));
    createRenewal(ask).notice(60_000);
    await vi.advanceTimersByTimeAsync(70_000);
    expect(ask.mock.calls.length).toBeGreaterThan(2);
    expect(ask.mock.calls.length).toBeLessThan(12);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is asked for a few times a minute, however often the server gives notice", async () => {
    vi.useFakeTimers();
    const ask = vi.fn(() => Promise.resolve(true));
    const renewal = createRenewal(ask);
    for (let round = 0; round < 600; round++) {
      renewal.notice(60_000);
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(ask.mock.calls.length).toBeLessThan(4);
  });

  it.each([NaN, -1, Infinity, 0])("is no loop when the server says %d milliseconds", async (left) => {
    vi.useFakeTimers();
    const ask = vi.fn(() => Promise.resolve(false));
    createRenewal(ask).notice(left);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ask.mock.calls.length).toBeLessThan(14);
  });
});
