// Node's servers: node_peer.cjs PORT socketio | socketio-uws | ws
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

function plain(server) { // http and whatever sends
  let send;
  const app = http.createServer((request, response) => {
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', () => {
      send(JSON.parse(Buffer.concat(pieces).toString()));
      const answer = '{"status":"ok"}';
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': answer.length });
      response.end(answer);
    });
  });
  app.keepAliveTimeout = 0;
  send = server(app);
  app.listen(Number(port), '127.0.0.1', 4096);
}

if (kind === 'socketio') {
  const { Server } = modules('socket.io');
  plain((app) => notifications(new Server(app, { perMessageDeflate: false })));
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
