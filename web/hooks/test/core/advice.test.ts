import { afterEach, describe, expect, it, vi } from "vitest";
import { advise } from "../../src/core/advice.ts";
import { reasonOf } from "../../src/core/reasons.ts";
import { newUser, serverOfFile, token } from "../server.ts";
import { connect } from "./notifiers.ts";

const server = serverOfFile({ secrets: true });
const until = async (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 120_000, interval: 20 });

afterEach(() => {
  vi.restoreAllMocks();
});

describe("what a developer is told in the browser's console", () => {
  it("is why and what to do, once, and never a token", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const user = newUser();
    const wrong = `${token(user).slice(0, -4)}AAAA`;
    const notifiers = [1, 2].map(() => connect({ url: server.url, user, getToken: () => wrong }));
    await until(() => {
      for (const { getState } of notifiers) expect(getState().connection.status).toBe("unauthorized");
    });
    const said = warn.mock.calls.map(([text]) => String(text)).join("\n");
    expect(said).toContain("SIO_SERVER_JWT_SECRET");
    expect(warn).toHaveBeenCalledOnce();
    expect(said).not.toContain(wrong.split(".")[1]);
  });

  it("has no token in it, whoever wrote it into an error", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const secret = token("ana");
    advise("token_failed", { url: "https://a.example", detail: `GET /token?old=${secret} failed` });
    expect(warn).toHaveBeenCalledOnce();
    expect(String(warn.mock.calls[0])).toContain("failed");
    expect(String(warn.mock.calls[0])).not.toContain(secret.split(".")[1]);
  });

  it("names the setting that lets this page in", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    advise("origin_not_allowed", { url: "https://b.example" });
    expect(String(warn.mock.calls[0])).toContain("SIO_SERVER_ALLOWED_ORIGINS");
  });
});

describe("what people are told", () => {
  it.each(["network", "blocked", "token_timeout", "unauthorized", "broker_unavailable", "a_code_of_tomorrow"])(
    "of %s is a sentence in each language",
    (code) => {
      const [es, en, other] = [reasonOf(code, "es-PE"), reasonOf(code, "en"), reasonOf(code, "fr")];
      expect(es).toMatch(/^[A-Z].+\.$/);
      expect(en).toMatch(/^[A-Z].+\.$/);
      expect(es).not.toBe(en);
      expect(other).toBe(en);
    },
  );
});
