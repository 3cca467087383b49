// Node's and Bun's servers: node_peer.cjs PORT socketio | socketio-uws | socketio-bun | ws | socketio-streams[-stored]
//   | socketio-postgres | socketio-jetstream | socketio-valkey
// POST /notify {type, message, data} goes to everybody in the room "bench" as the event `type`.
const { createRequire } = require('node:module');
const http = require('node:http');
const modules = createRequire(`${process.env.BENCH_NODE}/here.js`); // where its node_modules are
const [port, kind] = process.argv.slice(2);
const KEY = process.env.BENCH_KEY;

const envelope = ({ type, message, data }) => ({ type, message, data, timestamp: new Date().toISOString() });

function notifications(io) { // the connection must hold the key, as with every peer
  io.use((socket, next) => next(socket.handshake.auth.token === KEY ? undefined : new Error('unauthorized')));
  io.on('connection', (socket) => socket.join('bench'));
  return (body) => io.to('bench').emit(body.type, envelope(body));
}

function answer(response) {
  const body = '{"status":"ok"}';
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length });
  response.end(body);
}

async function adapter(kind) { // of many nodes: BENCH_STORE is the port of Valkey, or the address of PostgreSQL
  if (kind === 'socketio-postgres') {
    const pool = new (modules('pg').Pool)(JSON.parse(process.env.BENCH_STORE));
    await pool.query(`CREATE TABLE IF NOT EXISTS socket_io_attachments (
      id bigserial UNIQUE, created_at timestamptz DEFAULT NOW(), payload bytea)`);
    return modules('@socket.io/postgres-adapter').createAdapter(pool);
  }
  const client = modules('redis').createClient({ socket: { port: Number(process.env.BENCH_STORE) } });
  await client.connect();
  return modules('@socket.io/redis-streams-adapter').createAdapter(client);
}

async function valkey() { // a stream, which a bare XADD fills
  const client = modules('redis').createClient({ socket: { port: Number(process.env.BENCH_STORE) } });
  await client.connect();
  return (entry) => client.xAdd('bench', '*', { entry: JSON.stringify(entry) });
}

async function jetstream() { // a stream in a file; each entry is on the disk before it is acknowledged, if its server says so
  const { connect } = modules('@nats-io/transport-node');
  const { jetstream, jetstreamManager } = modules('@nats-io/jetstream');
  const nats = await connect({ servers: `127.0.0.1:${process.env.BENCH_STORE}` });
  await (await jetstreamManager(nats)).streams.add({ name: 'bench', subjects: ['bench'], storage: 'file' });
  const stream = jetstream(nats);
  return (entry) => stream.publish('bench', JSON.stringify(entry));
}

function plain(server) { // http and whatever sends
  let send;
  const app = http.createServer((request, response) => {
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', () => {
      const sent = send(JSON.parse(Buffer.concat(pieces).toString()));
      if (sent instanceof Promise) sent.then(() => answer(response), () => response.writeHead(503).end());
      else answer(response);
    });
  });
  app.keepAliveTimeout = 0;
  send = server(app);
  app.listen(Number(port), '127.0.0.1', 4096);
}

if (kind === 'socketio') {
  const { Server } = modules('socket.io');
  plain((app) => notifications(new Server(app, { perMessageDeflate: false })));
} else if (kind.startsWith('socketio-streams') || kind === 'socketio-postgres') {
  const { Server } = modules('socket.io');
  adapter(kind).then((made) => plain((app) => {
    const io = new Server(app, { perMessageDeflate: false, adapter: made });
    const send = notifications(io);
    if (kind !== 'socketio-streams-stored') return send;
    // The same that emit() does, but for what it does not wait for: that the stream has it.
    const all = { rooms: new Set(['bench']), except: new Set(), flags: {} };
    return (body) => io.of('/').adapter.broadcast({ type: 2, nsp: '/', data: [body.type, envelope(body)] }, all);
  }));
} else if (kind === 'socketio-jetstream' || kind === 'socketio-valkey') {
  const { Server } = modules('socket.io');
  (kind === 'socketio-valkey' ? valkey() : jetstream()).then((store) => plain((app) => {
    const send = notifications(new Server(app, { perMessageDeflate: false }));
    return async (body) => { // delivered in the order in which the stream has it: it answers in that order
      await store(body);
      send(body);
    };
  }));
} else if (kind === 'socketio-bun') {
  const engine = new (modules('@socket.io/bun-engine').Server)({ path: '/socket.io/' });
  const io = new (modules('socket.io').Server)();
  io.bind(engine);
  const send = notifications(io);
  const headers = { 'Content-Type': 'application/json' };
  const { websocket, maxRequestBodySize, idleTimeout } = engine.handler();
  Bun.serve({
    hostname: '127.0.0.1',
    port: Number(port),
    websocket,
    maxRequestBodySize,
    idleTimeout,
    async fetch(request, server) {
      if (!request.url.endsWith('/notify')) return engine.handleRequest(request, server);
      send(await request.json());
      return new Response('{"status":"ok"}', { headers });
    },
  });
} else if (kind === 'ws') {
  const { WebSocketServer } = modules('ws');
  plain((app) => {
    const sockets = new WebSocketServer({ server: app, path: '/ws', perMessageDeflate: false });
    return (body) => {
      const text = JSON.stringify(envelope(body));
      for (const client of sockets.clients) client.send(text);
    };
  });
} else if (kind === 'socketio-uws') {
  const app = modules('@trufflesuite/uws-js-unofficial').App();
  const io = new (modules('socket.io').Server)();
  io.attachApp(app);
  const send = notifications(io);
  app.post('/notify', (response) => {
    const pieces = [];
    response.onAborted(() => {});
    response.onData((piece, last) => {
      pieces.push(Buffer.from(Buffer.from(piece))); // uWebSockets takes the memory back after this call
      if (!last) return;
      send(JSON.parse(Buffer.concat(pieces).toString()));
      response.writeHeader('Content-Type', 'application/json');
      response.end('{"status":"ok"}');
    });
  });
  app.listen('127.0.0.1', Number(port), (listening) => { if (!listening) process.exit(1); });
} else process.exit(2);
