import { io, type Socket } from "socket.io-client";
import { createAcks } from "./acks.ts";
import { createPolicy, type Verdict } from "./policy.ts";
import { type Acknowledgement, type ConnectionState, NotifierError, type TokenReason } from "./types.ts";
import { type ClientEvents, CONTROL, type Frame, type Hello, type Refusal, type ServerEvents } from "./wire.ts";

export const REPLY_TIMEOUT_MS = 10_000;

type Credentials = Record<string, unknown>;
type Wire = Socket<ServerEvents, ClientEvents>;

export interface ConnectionSetup {
  /** Where and how, asked before each attempt. */
  target(): { url: string; path: string; transports: ("websocket" | "polling")[] };
  /** What the handshake carries; null when nobody is logged in. */
  credentials(reason: TokenReason): Promise<Credentials | null>;
  token(reason: TokenReason): Promise<string | null>;
  frame(frame: Frame): void;
  state(state: Partial<ConnectionState>): void;
}

type Authenticate = (send: (credentials: Credentials) => void) => void;

/** A socket that makes one attempt, and none by itself. */
function createSocket({ url, ...where }: ReturnType<ConnectionSetup["target"]>, auth: Authenticate): Wire {
  return io(url, {
    ...where,
    tryAllTransports: true,
    forceNew: true,
    multiplex: false,
    reconnection: false,
    autoConnect: false,
    auth,
  });
}

function isOffline(): boolean {
  return typeof navigator !== "undefined" && !((navigator.onLine as boolean | undefined) ?? true); // Node has none
}

/** One socket at a time, kept up until it is closed or the server will not have it. */
export function createConnection(setup: ConnectionSetup) {
  const policy = createPolicy();
  let socket: Wire | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let wanted = false;

  const acks = createAcks((seq) => {
    if (!socket?.connected) return false;
    socket.emit("ns:ack", { seq });
    return true;
  });

  function drop(): void {
    acks.flush();
    const gone = socket;
    socket = undefined;
    clearTimeout(timer);
    gone?.disconnect();
  }

  function connect(): void {
    drop();
    /** What comes of an attempt after the next was made, or none is wanted, is nobody's business. */
    const mine =
      <Said extends unknown[]>(hear: (...said: Said) => void) =>
      (...said: Said): void => {
        if (attempt === socket) hear(...said);
      };
    const attempt = createSocket(setup.target(), (send) => {
      setup.credentials(policy.reason()).then(
        mine((credentials) => {
          if (credentials) send(credentials);
          else follow({ then: "stop", lastError: "signed_out" });
        }),
        mine((error: unknown) => {
          follow(policy.failed(String(error)));
        }),
      );
    });
    socket = attempt;
    attempt.onAny(mine(hear));
    attempt.on(
      "connect_error",
      mine((error: Refusal) => {
        follow(policy.refused(error));
      }),
    );
    attempt.on(
      "disconnect",
      mine((why: string) => {
        follow(policy.left(why));
      }),
    );
    setup.state({ status: policy.attempt(), retryAt: undefined });
    attempt.connect();
  }

  function follow(verdict: Verdict): void {
    if (verdict.then === "connect") return connect();
    drop();
    const { lastError } = verdict;
    if (verdict.then === "stop") {
      wanted = false;
      return setup.state({ status: "unauthorized", lastError, retryAt: undefined, transport: undefined });
    }
    const { delay, attempts } = verdict;
    timer = setTimeout(connect, delay);
    const status = isOffline() ? "offline" : "reconnecting";
    setup.state({ status, attempts, retryAt: Date.now() + delay, lastError, transport: undefined });
  }

  function welcome(hello: Hello): void {
    const engine = socket?.io.engine;
    policy.settle();
    acks.begin();
    engine?.on("upgrade", ({ name }) => {
      setup.state({ transport: name });
    });
    setup.frame({ event: "ns:hello", body: hello });
    const transport = engine?.transport.name;
    setup.state({ status: "connected", attempts: 0, retryAt: undefined, lastError: undefined, transport });
  }

  /** What concerns the connection itself; `ns:hello` alone goes on to who wants to know. */
  const controls: Partial<ServerEvents> = {
    "ns:hello": welcome,
    "ns:auth_expiring": () => void renew(),
    "ns:draining": ({ retry_in_ms }) => {
      timer = setTimeout(connect, policy.draining(retry_in_ms));
    },
    "ns:closing": policy.closing,
  };

  function hear(event: string, body: unknown): void {
    if (!event.startsWith(CONTROL)) {
      const frame = { event: "notification", body } as Frame & { event: "notification" };
      acks.take(frame.body.seq);
      return setup.frame(frame);
    }
    const control = controls[event as keyof ServerEvents] as ((body: unknown) => void) | undefined;
    if (control) control(body);
    else setup.frame({ event, body } as Frame);
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
    policy.settle();
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
      else acks.flush();
    },
  };
}
