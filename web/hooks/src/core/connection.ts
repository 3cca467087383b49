import { io, type Socket } from "socket.io-client";
import { createAcks } from "./acks.ts";
import { guarded } from "./guard.ts";
import { isOffline } from "./page.ts";
import { createPolicy, type Verdict } from "./policy.ts";
import { createRenewal } from "./renewal.ts";
import { milliseconds } from "./settings.ts";
import { createTimer } from "./timers.ts";
import {
  type Acknowledgement,
  type ConnectionState,
  NotifierError,
  type TokenReason,
  type Transport,
} from "./types.ts";
import { type ClientEvents, CONTROL, type Frame, type Hello, type Refusal, type ServerEvents } from "./wire.ts";

export const REPLY_TIMEOUT_MS = 10_000;

// A way to the server that is open, and over which no greeting comes, leads nowhere.
const GREETING_MS = 15_000;

// A page that was busy, or asleep, hears what came meanwhile after its timers have fired.
const BUSY_MS = 500;

// A live server answers a question at once; what is looked at should not show a dead connection for long.
const PROBE_MS = 4_000;

// A connection that ends sooner was none: what follows waits longer each time, as after failures.
const SETTLED_MS = 5_000;

// Of one request by long polling, which the server ends after 25 seconds at most: browsers wait for ever.
const POLL_MS = 60_000;

interface Credentials {
  token?: string | undefined;
  [name: string]: unknown;
}
type Wire = Socket<ServerEvents, ClientEvents>;
type Still = <Said extends unknown[]>(hear: (...said: Said) => void) => (...said: Said) => void;

export interface ConnectionSetup {
  /** Where to, asked before each attempt. Throws where the application's settings say no such place. */
  target(): { url: string; path: string };
  /** Which transports may be used, how long to wait for them, and what came of it. */
  transports: {
    next(): { transports: Transport[]; patience: number };
    failed(silent: boolean): void;
    opened(): void;
  };
  /** What the handshake carries; null when nobody is logged in. */
  credentials(reason: TokenReason): Promise<Credentials | null>;
  token(reason: TokenReason): Promise<string | null>;
  frame(frame: Frame): void;
  /** `detail` is what a developer may want to know of a failure. */
  state(state: Partial<ConnectionState>, detail?: string): void;
}

/** One socket at a time, kept up until it is closed or the server will not have it. */
export function createConnection(setup: ConnectionSetup) {
  const policy = createPolicy();
  const [next, silence, settling] = [createTimer(), createTimer(), createTimer()];
  const renewal = createRenewal(renew);
  let current: object | undefined; // the attempt that is made, or the connection that it became
  let socket: Wire | undefined;
  let carried: string | undefined; // the token that the server has
  let probed: Wire | undefined; // which socket was asked whether it lives
  let wanted = false;

  const acks = createAcks((seq) => {
    if (!socket?.connected) return false;
    socket.emit("ns:ack", { seq });
    return true;
  });

  function drop(): void {
    acks.flush();
    const gone = socket;
    socket = current = undefined;
    for (const timer of [next, silence, settling]) timer.clear();
    renewal.stop();
    gone?.disconnect();
  }

  function connect(): void {
    drop();
    const mine = (current = {});
    /** What comes of an attempt after the next was made, or none is wanted, is nobody's business. */
    const still: Still =
      (hear) =>
      (...said) => {
        if (mine === current) guarded(hear, ...said);
      };
    setup.state({ status: policy.attempt(), retryAt: undefined });
    setup.credentials(policy.reason()).then(
      still((credentials) => {
        policy.answered();
        if (credentials) reach(credentials, still);
        else follow({ then: "stop", lastError: "signed_out" });
      }),
      still(unreached),
    );
  }

  /** The server was not even asked. */
  function unreached(error: unknown): void {
    const { code, message } = error instanceof NotifierError ? error : { code: "network", message: String(error) };
    follow({ ...policy.failed(code), detail: message });
  }

  /** One attempt, with a socket that makes no other by itself. */
  function reach(credentials: Credentials, still: Still): void {
    try {
      const { transports, patience } = setup.transports.next();
      const { url, path } = setup.target();
      const ways = { path, transports, tryAllTransports: true, requestTimeout: POLL_MS, timeout: POLL_MS };
      const alone = { forceNew: true, multiplex: false, reconnection: false, autoConnect: false };
      socket = io(url, { ...ways, ...alone, auth: credentials });
      carried = credentials.token;
      listen(socket, patience, still);
      socket.connect();
    } catch (error) {
      unreached(error);
    }
  }

  function listen(tried: Wire, patience: number, still: Still): void {
    const silent = still(() => {
      setup.transports.failed(true);
      follow(policy.failed("timeout"));
    });
    const wait = (ms: number): void => {
      silence.set(ms, () => {
        silence.set(BUSY_MS, silent);
      });
    };
    wait(patience);
    tried.io.on("open", () => {
      if (tried === socket) wait(GREETING_MS);
    });
    tried.onAny(still(hear));
    tried.on(
      "connect_error",
      still((error: Refusal) => {
        setup.transports.failed(false);
        follow(policy.refused(error));
      }),
    );
    tried.on(
      "disconnect",
      still((why: string) => {
        follow(policy.left(why));
      }),
    );
  }

  function follow(verdict: Verdict): void {
    if (verdict.then === "connect") return connect();
    drop();
    const { lastError, detail } = verdict;
    if (verdict.then === "stop") {
      wanted = false;
      return setup.state({ status: "unauthorized", lastError, retryAt: undefined, transport: undefined }, detail);
    }
    const { delay, attempts } = verdict;
    next.set(delay, connect);
    const status = isOffline() ? "offline" : "reconnecting";
    setup.state({ status, attempts, retryAt: Date.now() + delay, lastError, transport: undefined }, detail);
  }

  function welcome(hello: Hello): void {
    const engine = socket?.io.engine;
    acks.begin();
    engine?.on("upgrade", ({ name }) => {
      setup.state({ transport: name });
    });
    setup.frame({ event: "ns:hello", body: hello });
    setup.transports.opened();
    silence.clear();
    settling.set(SETTLED_MS, policy.settle);
    const transport = engine?.transport.name;
    setup.state({ status: "connected", attempts: 0, retryAt: undefined, lastError: undefined, transport });
  }

  /** What concerns the connection itself; `ns:hello` alone goes on to who wants to know. */
  const controls: Partial<ServerEvents> = {
    "ns:hello": welcome,
    "ns:auth_expiring": ({ expires_in_ms }) => {
      renewal.notice(milliseconds(expires_in_ms, 0));
    },
    "ns:draining": ({ retry_in_ms }) => {
      next.set(policy.draining(retry_in_ms), connect);
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
    if (control) return control(body);
    const { seq } = body as { seq?: number };
    if (seq) acks.take(seq);
    setup.frame({ event, body } as Frame);
  }

  /** Gives the server a newer token, where the application has one. In vain is no harm: the server closes in the end. */
  async function renew(): Promise<boolean> {
    const renewing = socket;
    const token = await setup.token("expiring");
    if (!token || token === carried || renewing !== socket || !renewing?.connected) return false;
    const reply = (await renewing.timeout(REPLY_TIMEOUT_MS).emitWithAck("ns:auth", { token })) as Acknowledgement;
    if (reply.ok) carried = token;
    return reply.ok;
  }

  /** Finds out whether a connection lives that slept, or whose network has become another. */
  function probe(): void {
    const asked = socket;
    acks.flush();
    if (!asked?.connected || probed === asked) return;
    probed = asked;
    const done = (lives: boolean) => () => {
      probed = undefined;
      if (lives || asked !== socket) return;
      policy.failed("timeout");
      connect();
    };
    asked.timeout(PROBE_MS).emitWithAck("ns:ack", { seq: acks.received() }).then(done(true), done(false));
  }

  function open(): void {
    if (wanted) return;
    wanted = true;
    policy.settle();
    connect();
  }

  return {
    open,
    /** Connects anew: the handshake says something else by now. */
    again: (): void => {
      if (current) connect();
    },
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
    /** Now, if it is not connected or on its way. */
    retryNow: (): void => {
      if (!wanted) open();
      else if (!current) connect();
      else probe();
    },
  };
}
