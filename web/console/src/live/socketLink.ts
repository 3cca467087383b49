import { io } from "socket.io-client";
import type { Session } from "../session/session.ts";
import type { Acknowledgement, Link, LinkSnapshot } from "./link.ts";

const ACK_PATIENCE = 5_000;
const FIRST_DELAY = 500;
const LONGEST_DELAY = 10_000;

/** What a session says of itself when it connects. */
export function handshakeOf(session: Session): Record<string, string> {
  if (session.kind === "key" && session.credential !== null) return { key: session.credential };
  if (session.credential !== null) return { token: session.credential };
  return { role: "admin" };
}

/** One socket for this tab alone. */
export function createSocketLink(session: Session, url: string): Link {
  const socket = io(url, {
    auth: handshakeOf(session),
    autoConnect: false,
    forceNew: true,
    reconnection: false, // planned here, so that the banner can say when
    transports: ["websocket", "polling"],
  });
  const listeners = new Set<() => void>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let closed = false;
  let snapshot: LinkSnapshot = {
    status: "connecting",
    attempts: 0,
    retryAt: null,
    transport: null,
    isLeader: true,
    error: null,
  };

  function set(change: Partial<LinkSnapshot>) {
    snapshot = { ...snapshot, ...change };
    for (const listener of listeners) listener();
  }

  function plan(error: string | null) {
    if (closed) return;
    const attempts = snapshot.attempts + 1;
    const longest = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** Math.min(attempts, 8));
    const delay = longest / 2 + Math.random() * (longest / 2);
    set({ status: "reconnecting", attempts, retryAt: Date.now() + delay, transport: null, error });
    clearTimeout(timer);
    timer = setTimeout(() => socket.connect(), delay);
  }

  socket.on("connect", () => {
    set({ status: "connected", attempts: 0, retryAt: null, transport: transportOf(socket.io.engine), error: null });
    socket.io.engine.once("upgrade", () => {
      set({ transport: transportOf(socket.io.engine) });
    });
  });
  socket.on("connect_error", (error: Error & { data?: { code?: string; retryable?: boolean } }) => {
    const code = error.data?.code ?? null;
    if (error.data !== undefined && error.data.retryable !== true)
      set({ status: "refused", retryAt: null, error: code });
    else plan(code);
  });
  socket.on("ns:closing", (body: { code?: string; reconnect?: boolean }) => {
    if (body.reconnect === false) {
      closed = true;
      set({ status: "refused", retryAt: null, transport: null, error: body.code ?? null });
    }
  });
  socket.on("disconnect", (reason) => {
    if (!closed) plan(reason);
  });
  socket.connect();

  return {
    getSnapshot: () => snapshot,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    request: (event, body) => socket.timeout(ACK_PATIENCE).emitWithAck(event, body) as Promise<Acknowledgement>,
    on(event, handler) {
      socket.on(event, handler);
      return () => socket.off(event, handler);
    },
    retryNow() {
      clearTimeout(timer);
      closed = false;
      set({ status: snapshot.status === "refused" ? "connecting" : snapshot.status, retryAt: null });
      socket.connect();
    },
    close() {
      closed = true;
      clearTimeout(timer);
      socket.disconnect();
      listeners.clear();
    },
  };
}

function transportOf(engine: { transport: { name: string } }): string {
  return engine.transport.name;
}
