import { Fetch } from "engine.io-client";
import { io, type Socket } from "socket.io-client";
import { quantile } from "../../live/quantiles.ts";
import { BUCKETS, emptyBuckets, type ClientStatus, type ClientView, type SimulationView } from "./view.ts";

/** As many as one tab drives without getting in its own way. */
export const MOST_CLIENTS = 50;

/** A slow client polls, and a browser opens six requests to one server at most: some are left for the console. */
export const MOST_SLOW = 3;

/** Milliseconds between two reads of a client that was slowed down. */
const SLOW_PAUSE = 2_000;

/** Milliseconds for which the server may still count a connection that broke off: its time-out for a silent one. */
const LINGERS = 60_000;

const TELL_INTERVAL = 250;
const RECONNECT_DELAY = 800;
const KEPT_DELAYS = 200;

interface Envelope {
  id: string;
  timestamp: string;
  cursor: string;
  replayed: boolean;
}

interface Client {
  id: number;
  name: string;
  user: string | null;
  role: string;
  socket: Socket;
  status: ClientStatus;
  /** How often it has been connected. */
  connections: number;
  transport: string | null;
  isSlow: boolean;
  cursor: string | null;
  /** Milliseconds by which the server's clock is ahead of this one. */
  ahead: number;
  seen: Set<string>;
  replayed: number;
  duplicates: number;
  delays: number[];
  /** Ids that it should have by now, and whether they are stored: of others a cut costs it those on their way. */
  expected: Map<string, boolean>;
  away: number;
}

export interface Identity {
  name: string;
  role: string;
  auth: Record<string, string>;
  /** On a bad line from the start. */
  isSlow?: boolean;
}

/** Who was there at a moment: a client by its id, and which of its connections that was. */
export type Attendance = ReadonlyMap<number, number>;

export interface Simulation {
  getSnapshot: () => SimulationView;
  subscribe: (listener: () => void) => () => void;
  add: (identities: readonly Identity[]) => void;
  cut: (id: number | null) => void;
  slow: (id: number, isSlow: boolean) => void;
  remove: (id: number | null) => void;
  /** How many connections the server may count as these clients': one each, also while one waits to hear that it is
   * connected, and those that broke off lately. */
  connections: () => number;
  /** Who is connected now: what is published from here on, and not stored, nobody else gets. */
  attendance: () => Attendance;
  /** A notification for all clients was accepted. Stored, each must get it; else (`there`) whoever was there and is. */
  expect: (notification: string, there: Attendance | null) => void;
  reset: () => void;
}

/** Clients as any front end has them: the stock library, a cursor, and nothing of the console's own connection. */
export function createSimulation(url: string): Simulation {
  const clients = new Map<number, Client>();
  const listeners = new Set<() => void>();
  let buckets = emptyBuckets();
  let sample: number[] = [];
  let measured = 0;
  let next = 1;
  let telling: ReturnType<typeof setTimeout> | undefined;
  let broken: number[] = [];
  let view = look();

  function look(): SimulationView {
    const sorted = [...sample].sort((one, other) => one - other);
    return {
      clients: [...clients.values()].map(viewOf),
      buckets: [...buckets],
      measured,
      p50: quantile(sorted, 0.5),
      p95: quantile(sorted, 0.95),
      p99: quantile(sorted, 0.99),
    };
  }

  function tell() {
    telling ??= setTimeout(() => {
      telling = undefined;
      view = look();
      for (const listener of listeners) listener();
    }, TELL_INTERVAL);
  }

  function measure(client: Client, envelope: Envelope) {
    const delay = Math.max(0, Date.now() + client.ahead - Date.parse(envelope.timestamp));
    client.delays.push(delay);
    if (client.delays.length > KEPT_DELAYS) client.delays.shift();
    const index = BUCKETS.findIndex((end) => delay <= end);
    const bucket = index === -1 ? BUCKETS.length : index;
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    measured += 1;
    sample.push(delay);
    if (sample.length > 20_000) sample = sample.slice(-10_000);
  }

  function connect(identity: Identity) {
    const id = next;
    next += 1;
    const client: Client = {
      id,
      name: identity.name,
      user: identity.auth.user ?? null,
      role: identity.role,
      socket: socketFor(url, identity, () => client),
      status: "connecting",
      connections: 0,
      transport: null,
      isSlow: identity.isSlow === true,
      cursor: null,
      ahead: 0,
      seen: new Set(),
      replayed: 0,
      duplicates: 0,
      delays: [],
      expected: new Map(),
      away: 0,
    };
    clients.set(id, client);
    listen(client);
    client.socket.connect();
  }

  function listen(client: Client) {
    const { socket } = client;
    socket.on("connect", () => {
      client.status = "connected";
      client.connections += 1;
      client.transport = socket.io.engine.transport.name;
      tell();
    });
    socket.on("disconnect", (reason) => {
      if (reason !== "io client disconnect" && reason !== "io server disconnect") broken.push(Date.now());
      client.status = "offline";
      client.transport = null;
      for (const [notification, isStored] of client.expected) {
        if (!isStored && client.expected.delete(notification)) client.away += 1;
      }
      tell();
    });
    socket.on("connect_error", (error: Error & { data?: unknown }) => {
      if (error.data === undefined) broken.push(Date.now());
      client.status = error.data === undefined ? "offline" : "refused";
      tell();
    });
    socket.on("ns:closing", (body: { reconnect?: boolean }) => {
      if (body.reconnect === false) socket.disconnect();
    });
    socket.on("ns:hello", (hello: { cursor: string; server_time: string; user: string | null }) => {
      client.user = hello.user ?? client.user;
      client.cursor ??= hello.cursor;
      client.ahead = Math.max(0, Date.parse(hello.server_time) - Date.now());
    });
    socket.onAny((event: string, envelope: Envelope) => {
      if (event.startsWith("ns:")) return;
      client.cursor = envelope.cursor;
      if (client.seen.has(envelope.id)) client.duplicates += 1;
      client.seen.add(envelope.id);
      client.expected.delete(envelope.id);
      // What waited in the log says nothing about how fast the wire is.
      if (envelope.replayed) client.replayed += 1;
      else measure(client, envelope);
      tell();
    });
  }

  function chosen(id: number | null): Client[] {
    return [...clients.values()].filter((client) => id === null || client.id === id);
  }

  return {
    getSnapshot: () => view,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    add(identities) {
      for (const identity of identities.slice(0, MOST_CLIENTS - clients.size)) connect(identity);
      tell();
    },
    cut(id) {
      for (const client of chosen(id)) client.socket.io.engine.close();
      tell();
    },
    slow(id, isSlow) {
      for (const client of chosen(id)) {
        client.isSlow = isSlow;
        // The library reads its options again for the connection that follows the cut.
        Object.assign(client.socket.io.opts, { transports: [...(isSlow ? SLOW : FAST).transports] });
        client.socket.io.engine.close();
      }
      tell();
    },
    remove(id) {
      for (const client of chosen(id)) {
        client.socket.disconnect();
        clients.delete(client.id);
      }
      tell();
    },
    connections() {
      broken = broken.filter((at) => at > Date.now() - LINGERS);
      return [...clients.values()].filter((client) => client.status !== "refused").length + broken.length;
    },
    attendance: () =>
      new Map(
        [...clients.values()]
          .filter((client) => client.status === "connected")
          .map((client) => [client.id, client.connections]),
      ),
    expect(notification, there) {
      for (const client of clients.values()) {
        if (client.seen.has(notification)) continue;
        const isHere = client.status === "connected" && there?.get(client.id) === client.connections;
        if (there === null || isHere) client.expected.set(notification, there === null);
        else client.away += 1;
      }
      tell();
    },
    reset() {
      buckets = emptyBuckets();
      sample = [];
      measured = 0;
      for (const client of clients.values()) {
        client.seen.clear();
        client.expected.clear();
        client.delays = [];
        client.replayed = client.duplicates = client.away = 0;
      }
      tell();
    },
  };
}

/** Reads slowly. A browser can hold back a poll, but not what arrives over a WebSocket. */
class SlowPolling extends Fetch {
  override doPoll(): void {
    setTimeout(() => {
      super.doPoll();
    }, SLOW_PAUSE);
  }
}

const FAST = { transports: ["websocket", "polling"] } as const;
const SLOW = { transports: [SlowPolling] } as const;

function socketFor(url: string, identity: Identity, self: () => Client): Socket {
  const { origin, pathname } = new URL(url);
  return io(origin, {
    path: `${pathname.replace(/\/$/, "")}/socket.io`,
    transports: identity.isSlow === true ? [...SLOW.transports] : [...FAST.transports],
    forceNew: true,
    autoConnect: false,
    auth: (give: (auth: object) => void) => {
      const { cursor } = self();
      give({ ...identity.auth, ...(cursor === null ? {} : { cursor }) });
    },
    reconnectionDelay: RECONNECT_DELAY,
    reconnectionDelayMax: 4_000,
  });
}

function viewOf(client: Client): ClientView {
  const sorted = [...client.delays].sort((one, other) => one - other);
  return {
    id: client.id,
    name: client.name,
    user: client.user,
    role: client.role,
    status: client.status,
    transport: client.transport,
    isSlow: client.isSlow,
    received: client.seen.size,
    replayed: client.replayed,
    duplicates: client.duplicates,
    missing: client.expected.size,
    away: client.away,
    median: quantile(sorted, 0.5),
  };
}
