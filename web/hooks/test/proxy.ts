import { createHash } from "node:crypto";
import { createServer, request, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { afterAll, afterEach, beforeAll } from "vitest";

/** What becomes of something: it goes through, is never answered, or is cut off. */
type Fate = "pass" | "hang" | "cut";

/**
 * A proxy before a server, as networks have them: it may swallow WebSockets, hold requests back, or go deaf in the
 * middle of a connection.
 */
export class Proxy {
  /** Of WebSockets; `greet` answers the upgrade, and is silent from then on. */
  upgrades: Fate | "greet" = "pass";
  /** Of everything else. */
  fate: (path: string) => Fate = () => "pass";
  /** Requests and upgrades that came, by their path. */
  readonly seen: string[] = [];
  readonly #open = new Set<Duplex>();
  readonly #server: Server;
  #target = "";

  constructor() {
    this.#server = createServer((asked, reply) => {
      const path = asked.url ?? "";
      this.seen.push(`${asked.method ?? ""} ${path}`);
      const fate = this.fate(path);
      if (fate === "hang") return;
      if (fate === "cut") return void asked.socket.destroy();
      const { method, headers } = asked;
      const onward = request(this.#target + path, { method, headers }, (answer) => {
        reply.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(reply);
      });
      onward.on("error", () => {
        reply.destroy();
      });
      asked.pipe(onward);
    });
    this.#server.on("connection", (socket) => {
      this.#keep(socket);
    });
    this.#server.on("upgrade", (asked, socket, head) => {
      this.#upgrade(asked, socket, head);
    });
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  async start(target: string): Promise<void> {
    this.#target = target;
    await new Promise<void>((done) => this.#server.listen(0, "127.0.0.1", done));
  }

  /** Whatever is connected now hears nothing any more, and nobody is told. */
  freeze(): void {
    for (const socket of this.#open) {
      socket.unpipe();
      socket.pause();
    }
  }

  async stop(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    await new Promise((done) => this.#server.close(done));
  }

  /** Requests of this path that came. */
  count(path: string): number {
    return this.seen.filter((one) => one.includes(path)).length;
  }

  #keep(socket: Duplex): void {
    this.#open.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#open.delete(socket));
  }

  #upgrade(asked: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.seen.push(`UPGRADE ${asked.url ?? ""}`);
    if (this.upgrades === "hang") return;
    if (this.upgrades === "cut") return void socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    if (this.upgrades === "greet") return void socket.write(greeting(asked));
    const { port } = new URL(this.#target);
    const onward: Socket = connect(Number(port), "127.0.0.1", () => {
      const lines = asked.rawHeaders.reduce((text, part, at) => text + part + (at % 2 ? "\r\n" : ": "), "");
      onward.write(`GET ${asked.url ?? "/"} HTTP/1.1\r\n${lines}\r\n`);
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    this.#keep(onward);
    onward.on("close", () => socket.destroy());
    socket.on("close", () => onward.destroy());
  }
}

/** The answer of a WebSocket server to a handshake (RFC 6455 §4.2.2). */
function greeting({ headers }: IncomingMessage): string {
  const key = `${headers["sec-websocket-key"] ?? ""}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = createHash("sha1").update(key).digest("base64");
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
}

/** A proxy for the tests of this file, before this server. */
export function proxyOfFile(server: { url: string }): Proxy {
  const proxy = new Proxy();
  beforeAll(() => proxy.start(server.url));
  afterEach(() => {
    proxy.upgrades = "pass";
    proxy.fate = () => "pass";
    proxy.seen.length = 0;
  });
  afterAll(() => proxy.stop());
  return proxy;
}
