import { io, type Socket } from "socket.io-client";
import { retryDelay } from "./retry.ts";
import { type Acknowledgement, type ConnectionState, NotifierError, type TokenReason } from "./types.ts";
import {
  type ClientEvents,
  type Closing,
  CONTROL,
  type Frame,
  type Hello,
  type Refusal,
  type ServerEvents,
} from "./wire.ts";

// Acknowledgements of what arrived go out together, this many milliseconds' worth at a time.
const ACK_EVERY_MS = 1_000;
export const REPLY_TIMEOUT_MS = 10_000;

// A server that closes when it said it would needs this long for it to be noticed.
const DRAIN_GRACE_MS = 500;

type Credentials = Record<string, unknown>;

export interface ConnectionSetup {
  /** Where and how, asked before each attempt. */
  target(): { url: string; path: string; transports: ("websocket" | "polling")[] };
  /** What the handshake carries; null when nobody is logged in. */
  credentials(reason: TokenReason): Promise<Credentials | null>;
  token(reason: TokenReason): Promise<string | null>;
  frame(frame: Frame): void;
  state(state: Partial<ConnectionState>): void;
}

/**
 * One socket at a time, kept up until it is closed or the server will not have it.
 *
 * socket.io-client does not come back by itself after a refusal or when the server closes; and it does not know that a
 * server said when to. So each attempt is a socket of its own, and when to make the next is decided here.
 */
export function createConnection(setup: ConnectionSetup) {
  let socket: Socket<ServerEvents, ClientEvents> | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ackTimer: ReturnType<typeof setTimeout> | undefined;
  let wanted = false;
  let failures = 0;
  let reason: TokenReason = "connect";
  let renewed = false; // a token was fetched anew after a refusal, and no connection was made since
  let closing: Closing | undefined;
  let drainAt: number | undefined;
  let received = 0;
  let acknowledged = 0;

  function drop(): void {
    acknowledge();
    const gone = socket;
    socket = undefined;
    closing = drainAt = undefined;
    clearTimeout(timer);
    gone?.disconnect();
  }

  function acknowledge(): void {
    clearTimeout(ackTimer);
    ackTimer = undefined;
    if (!socket?.connected || received <= acknowledged) return;
    acknowledged = received;
    socket.emit("ns:ack", { seq: received });
  }

  function connect(): void {
    drop();
    const { url, path, transports } = setup.target();
    const attempt: Socket<ServerEvents, ClientEvents> = io(url, {
      path,
      transports,
      tryAllTransports: true,
      forceNew: true,
      multiplex: false,
      reconnection: false,
      autoConnect: false,
      auth: (send) => {
        const why = reason;
        reason = "connect";
        setup.credentials(why).then(
          (credentials) => {
            if (attempt !== socket) return;
            if (credentials) send(credentials);
            else refuse("signed_out");
          },
          (error: unknown) => {
            if (attempt === socket) retry(String(error));
          },
        );
      },
    });
    socket = attempt;
    attempt.onAny((event: string, body: unknown) => {
      if (attempt === socket) hear(event, body);
    });
    attempt.on("connect_error", (error: Refusal) => {
      if (attempt !== socket) return;
      const { code, retryable = false } = error.data ?? {};
      if (code && !retryable) end(code);
      else retry(code ?? error.message);
    });
    attempt.on("disconnect", (why) => {
      if (attempt !== socket) return;
      if (closing && !closing.reconnect) end(closing.code);
      else retry(closing?.code ?? why, drainAt && Math.max(0, drainAt - Date.now()) + retryDelay(0));
    });
    setup.state({ status: failures || renewed ? "reconnecting" : "connecting", retryAt: undefined });
    attempt.connect();
  }

  /** The server will not have these credentials. A token that ran out is renewed once before that is believed. */
  function end(code: string): void {
    if (code !== "token_expired" || renewed) return refuse(code);
    renewed = true;
    reason = "rejected";
    connect();
  }

  function refuse(code: string): void {
    drop();
    wanted = false;
    setup.state({ status: "unauthorized", lastError: code, retryAt: undefined, transport: undefined });
  }

  function retry(lastError: string, delay = retryDelay(failures)): void {
    drop();
    failures++;
    timer = setTimeout(connect, delay);
    const offline = typeof navigator !== "undefined" && !((navigator.onLine as boolean | undefined) ?? true); // Node has none
    setup.state({
      status: offline ? "offline" : "reconnecting",
      attempts: failures,
      retryAt: Date.now() + delay,
      lastError,
      transport: undefined,
    });
  }

  function welcome(hello: Hello): void {
    const engine = socket?.io.engine;
    failures = received = acknowledged = 0;
    renewed = false;
    engine?.on("upgrade", ({ name }) => {
      setup.state({ transport: name });
    });
    setup.frame({ event: "ns:hello", body: hello });
    const transport = engine?.transport.name;
    setup.state({ status: "connected", attempts: 0, retryAt: undefined, lastError: undefined, transport });
  }

  function hear(event: string, body: unknown): void {
    switch (event) {
      case "ns:hello":
        welcome(body as Hello);
        return;
      case "ns:auth_expiring":
        void renew();
        return;
      case "ns:draining":
        drainAt = Date.now() + (body as { retry_in_ms: number }).retry_in_ms;
        timer = setTimeout(connect, drainAt - Date.now() + DRAIN_GRACE_MS);
        return;
      case "ns:closing":
        closing = body as Closing;
        return;
    }
    if (event.startsWith(CONTROL)) {
      setup.frame({ event, body } as Frame);
      return;
    }
    const frame = { event: "notification", body } as Frame & { event: "notification" };
    // In order on one connection, so the highest is the highest without a gap.
    received = Math.max(received, frame.body.seq);
    ackTimer ??= setTimeout(acknowledge, ACK_EVERY_MS);
    setup.frame(frame);
  }

  /** In vain is no harm: the server closes when the old token has run out, and says so. */
  async function renew(): Promise<void> {
    const renewing = socket;
    try {
      const token = await setup.token("expiring");
      if (token && renewing === socket) await renewing?.timeout(REPLY_TIMEOUT_MS).emitWithAck("ns:auth", { token });
    } catch {
      // as above
    }
  }

  function open(): void {
    if (wanted) return;
    wanted = true;
    failures = 0;
    renewed = false;
    connect();
  }

  return {
    open,
    close: (): void => {
      wanted = false;
      drop();
      setup.state({ status: "idle", attempts: 0, retryAt: undefined, transport: undefined });
    },
    /** The server's answer to an event. Rejects where there is no connection, and when no answer comes. */
    request: async (event: string, body: unknown): Promise<Acknowledgement> => {
      if (!socket?.connected) throw new NotifierError("network", "not connected");
      const untyped = socket as unknown as Socket;
      try {
        return (await untyped.timeout(REPLY_TIMEOUT_MS).emitWithAck(event, body)) as Acknowledgement;
      } catch {
        throw new NotifierError("network", `no answer to ${event}`);
      }
    },
    /** Now, if it is not connected or on its way. Writing finds out whether a socket that slept is dead. */
    retryNow: (): void => {
      if (!wanted) open();
      else if (!socket) connect();
      else acknowledge();
    },
  };
}
