import { describe, expect, it, vi } from "vitest";
import { languageTag } from "../../src/core/locale.ts";
import { baseOf, pauseOf, targetOf } from "../../src/core/target.ts";
import type { ListOptions, NotifierOptions } from "../../src/core/types.ts";
import { newUser, serverOfFile } from "../server.ts";
import { connect } from "./notifiers.ts";

// What JavaScript may hand in, whatever the types say.
const odd = (value: unknown): never => value as never;

describe("a language", () => {
  it.each([
    ["es", "es"],
    ["en-GB", "en-GB"],
    ["es_PE", "es-PE"],
    ["es_PE.UTF-8", "es-PE"],
    ["pt_BR@euro", "pt-BR"],
    ["EN", "en"],
    [" en ", "en"],
    ["zh-Hant-TW", "zh-Hant-TW"],
    ["", "es"],
    ["xx", "xx"],
    ["x", "es"],
    ["español", "es"],
    ["not a language", "not"],
    ["lengua", "es"],
    [`en-${"a".repeat(100)}`, "en"],
    [null, "es"],
    [undefined, "es"],
    [7, "es"],
    [{}, "es"],
    [Symbol("es"), "es"],
  ])("of %j is %s everywhere", (given, tag) => {
    expect(languageTag(given)).toBe(tag);
    expect(() => new Intl.DateTimeFormat(languageTag(given))).not.toThrow();
    expect(() => new Headers({ "Accept-Language": languageTag(given) })).not.toThrow();
  });
});

describe("an address", () => {
  it.each([
    "http://",
    "https://a b",
    "ftp://files.example",
    "javascript:alert(1)",
    "data:,",
    "not an address",
    "http://a:b",
  ])("of %j is none, which is said and not thrown into the page", (url) => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    expect(() => targetOf({ url })).toThrow(expect.objectContaining({ code: "invalid_url" }));
    const notifier = connect({ url, identity: { user: "ana" } });
    return vi.waitFor(() => {
      expect(notifier.getState().connection).toMatchObject({ status: "reconnecting", lastError: "invalid_url" });
    });
  });

  it.each([
    ["https://a.example/", "https://a.example"],
    [" https://a.example// ", "https://a.example"],
    ["wss://a.example/path", "https://a.example/path"],
    [null, ""],
    [undefined, ""],
    [new URL("https://a.example/x"), "https://a.example/x"],
  ])("of %s is taken as %j", (url, base) => {
    expect(baseOf({ url: odd(url) })).toBe(base);
  });
});

describe("a pause while hidden", () => {
  it.each([
    [undefined, 30_000],
    [null, 30_000],
    [NaN, 30_000],
    [-1, 30_000],
    ["soon", 30_000],
    [0, 0],
    [false, Infinity],
    [Infinity, Infinity],
    [1e12, 1e12],
  ])("of %s is %d milliseconds", (given, ms) => {
    expect(pauseOf({ pauseWhenHidden: odd(given) })).toBe(ms);
  });
});

describe("a notifier with odd settings", () => {
  const server = serverOfFile();

  it.each<Record<string, unknown>>([
    { locale: "es_PE" },
    { locale: "" },
    { locale: null },
    { locale: "ñ" },
    { locale: "x".repeat(200) },
    { pauseWhenHidden: NaN },
    { pauseWhenHidden: -5 },
    { pauseWhenHidden: Infinity },
    { transports: [] },
    { transports: null },
    { transports: ["carrier pigeon"] },
    { transports: "websocket" },
    { tabs: "none" },
    { tabs: null },
    { key: null },
    { storage: null },
    { getToken: null },
    { onUnrecovered: "not a function" },
  ])("%j connects and hears", async (settings) => {
    const user = newUser();
    const notifier = connect({ url: server.url, identity: { user }, ...(settings as NotifierOptions) });
    const heard: string[] = [];
    notifier.on("*", ({ message }) => void heard.push(message));
    await vi.waitFor(() => {
      expect(notifier.getState().connection.status).toBe("connected");
    }, 15_000);
    await server.publish(user);
    await vi.waitFor(() => {
      expect(heard).toEqual(["Hola"]);
    }, 15_000);
  });

  it.each<Record<string, unknown> | null>([
    { limit: NaN },
    { limit: Infinity },
    { limit: -3 },
    { limit: 0 },
    { limit: 1e9 },
    { limit: "ten" },
    { types: null },
    { status: null },
    null,
  ])("has a list of %j", async (options) => {
    const user = newUser();
    const notifier = connect({ url: server.url, identity: { user } });
    const list = notifier.list(options as ListOptions);
    expect(notifier.list(options as ListOptions)).toBe(list);
    list.subscribe(() => undefined);
    await vi.waitFor(() => {
      expect(list.getState()).toMatchObject({ isLoading: false, error: undefined, hasMore: false });
    }, 15_000);
  });
});
