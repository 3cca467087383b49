import { createHmac } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fork, type Process } from "./forks.ts";

const SECRET = "a secret that only these tests know, long enough";
export const KEY = "publisher-key-of-the-tests-0123456789";

export const SECURED: Record<string, string> = { SIO_SERVER_JWT_SECRET: SECRET, SIO_SERVER_PUBLISH_KEYS: KEY };

/** A server process of its own, with a log of its own. */
export class Server {
  private process: Process | undefined;
  url = "";

  private constructor(
    readonly directory: string,
    private readonly environment: Record<string, string>,
  ) {}

  static async start(environment: Record<string, string> = {}): Promise<Server> {
    // A misspelt type is refused in all of these tests, as it is in production.
    const development = { SIO_SERVER_DEV: "1", SIO_SERVER_UNKNOWN_TYPES: "refuse" };
    const mode: Record<string, string> = "SIO_SERVER_JWT_SECRET" in environment ? {} : development;
    const server = new Server(await mkdtemp(join(tmpdir(), "sio-console-")), { ...mode, ...environment });
    await server.run(0);
    return server;
  }

  private async run(port: number): Promise<void> {
    const args = ["serve", "--port", String(port), "--data-dir", this.directory];
    this.process = await fork(args, this.environment);
    this.url = this.process.url;
  }

  /** As a crash or a power cut ends it. */
  async kill(): Promise<void> {
    await this.end("SIGKILL");
  }

  /** At the same address, with the same log. */
  async again(): Promise<void> {
    await this.run(Number(new URL(this.url).port));
  }

  async stop(): Promise<void> {
    await this.end("SIGTERM");
    await rm(this.directory, { recursive: true, force: true });
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    this.process?.signal(signal);
    await this.process?.ended;
    this.process = undefined;
  }

  async notify(body: object): Promise<{ id: string; seq: number }> {
    return this.call("/notify", body) as Promise<{ id: string; seq: number }>;
  }

  async call(path: string, body?: object): Promise<unknown> {
    const key = this.environment.SIO_SERVER_PUBLISH_KEYS;
    const reply = await fetch(this.url + path, {
      method: body === undefined ? "GET" : "POST",
      headers: { "Content-Type": "application/json", ...(key === undefined ? {} : { Authorization: `Bearer ${key}` }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!reply.ok) throw new Error(`${path}: ${reply.status} ${await reply.text()}`);
    return reply.json();
  }
}

/** A token as the backend would make it (RFC 7519, HS256). */
export function token(user: string, role: string): string {
  const now = Math.floor(Date.now() / 1_000);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part({ sub: user, role, iat: now, exp: now + 3_600 })}`;
  return `${signed}.${createHmac("sha256", SECRET).update(signed).digest("base64url")}`;
}
