import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { fork, type Process } from "../../console/e2e/forks.ts";

const SECRET = "a secret that is long enough for HS256, in tests alone";
export const PUBLISH_KEY = "a publisher key that is long enough for the tests";

interface Json {
  [name: string]: Json;
}

const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token as a backend signs it; `ttl` in seconds. */
export function token(sub: string, { role = "turista", ttl = 3600, iat = 0 } = {}): string {
  const now = Math.floor(Date.now() / 1000);
  const body = `${base64({ alg: "HS256", typ: "JWT" })}.${base64({ sub, role, iat: now + iat, exp: now + ttl })}`;
  return `${body}.${createHmac("sha256", SECRET).update(body).digest("base64url")}`;
}

export interface Published {
  id: string;
  seq: number;
}

export interface ServerOptions {
  /** Whether it wants tokens and keys. */
  secrets?: boolean;
  /** A file of event types and topics, in TOML. */
  catalog?: string;
}

/** A server in a process of its own, on a free port and with a log on disk. */
export class Server {
  readonly #env: Record<string, string>;
  readonly #directory = mkdtempSync(join(tmpdir(), "sio-server-web-"));
  #process: Process | undefined;
  #port = "0";

  constructor({ secrets = false, catalog }: ServerOptions = {}) {
    this.#env = secrets
      ? { SIO_SERVER_JWT_SECRET: SECRET, SIO_SERVER_PUBLISH_KEYS: PUBLISH_KEY }
      : { SIO_SERVER_DEV: "1" };
    if (secrets) this.#env.SIO_SERVER_ALLOWED_ORIGINS = "*";
    if (catalog === undefined) return;
    this.#env.SIO_SERVER_CATALOG = join(this.#directory, "catalog.toml");
    writeFileSync(this.#env.SIO_SERVER_CATALOG, catalog);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Start, again on the port it had. */
  async start(): Promise<void> {
    const args = ["serve", "--port", this.#port, "--data-dir", this.#directory];
    this.#process = await fork(args, this.#env, this.#directory);
    this.#port = new URL(this.#process.url).port;
  }

  async stop(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    running?.signal(signal);
    await running?.ended;
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.signal(signal);
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async ask(path: string, body?: object): Promise<Json> {
    const response = await fetch(`${this.url}${path}`, {
      method: body ? "POST" : "GET",
      headers: { Authorization: `Bearer ${PUBLISH_KEY}` },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${path}: ${String(response.status)} ${await response.text()}`);
    return (await response.json()) as Json;
  }

  /** Publish to one user. */
  async publish(user: string, fields: object = {}): Promise<Published> {
    const body = { type: "test", message: "Hola", data: {}, audience: { users: [user] }, ...fields };
    return (await this.ask("/notify", body)) as unknown as Published;
  }

  /** Close what this user has connected, as an operator does: clients come back. */
  async cut(user: string): Promise<void> {
    const { users } = (await this.ask("/v1/users")) as unknown as {
      users: { user: string; connections: { id: string }[] }[];
    };
    const found = users.find((one) => one.user === user)?.connections ?? [];
    for (const { id } of found) await this.ask(`/v1/connections/${id}/disconnect`, {});
  }

  /** How many connections this user has. */
  async connections(user: string): Promise<number> {
    const { users } = (await this.ask("/v1/users")) as unknown as {
      users: { user: string; connections: unknown[] }[];
    };
    return users.find((found) => found.user === user)?.connections.length ?? 0;
  }
}

/** A server for the tests of this file. */
export function serverOfFile(options: ServerOptions = {}): Server {
  const server = new Server(options);
  beforeAll(() => server.start());
  afterAll(() => server.remove());
  return server;
}

let users = 0;

/** A user that no other test has. */
export const newUser = (): string => `u${String(process.pid)}-${String(++users)}`;
