// The stock JavaScript client, told what to do by JSON lines on standard input; what it sees goes out as JSON lines.
// {op: connect|emit|burst|disconnect|drop, id, ...}; bytes travel as {"$bytes": base64}.
import { createInterface } from 'node:readline';
import { io } from 'socket.io-client';
import msgpack from 'socket.io-msgpack-parser';

const sockets = new Map();
const pack = (x) => (Buffer.isBuffer(x) || x instanceof ArrayBuffer || ArrayBuffer.isView(x)
  ? { $bytes: Buffer.from(x instanceof ArrayBuffer ? new Uint8Array(x) : x).toString('base64') }
  : Array.isArray(x) ? x.map(pack)
    : x && typeof x === 'object' ? Object.fromEntries(Object.entries(x).map(([k, v]) => [k, pack(v)])) : x);
const unpack = (x) => (Array.isArray(x) ? x.map(unpack)
  : x && typeof x === 'object' ? (typeof x.$bytes === 'string' ? Buffer.from(x.$bytes, 'base64')
    : Object.fromEntries(Object.entries(x).map(([k, v]) => [k, unpack(v)]))) : x);
const say = (id, on, more) => process.stdout.write(`${JSON.stringify({ id, on, ...more })}\n`);

const operations = {
  connect({ id, url, options = {} }) {
    if (options.msgpack) options.parser = msgpack;
    const socket = io(url, { forceNew: true, timeout: 600_000, reconnectionDelay: 20, reconnectionDelayMax: 50, ...options });
    sockets.set(id, socket);
    socket.io.on('open', () => {
      socket.io.engine.on('upgrade', (transport) => say(id, 'upgrade', { transport: transport.name }));
    });
    socket.on('connect', () => say(id, 'connect', {
      sid: socket.id, recovered: socket.recovered, transport: socket.io.engine.transport.name,
    }));
    socket.on('disconnect', (reason) => say(id, 'disconnect', { reason }));
    socket.on('connect_error', (error) => say(id, 'connect_error', { message: error.message, data: error.data }));
    socket.onAny((event, ...args) => {
      const answer = typeof args.at(-1) === 'function' ? args.pop() : null;
      say(id, 'event', { event, args: pack(args) });
      if (answer && event !== 'unanswered') answer(...args);
    });
  },
  emit({ id, event, args = [], tag, volatile }) {
    const socket = volatile ? sockets.get(id).volatile : sockets.get(id);
    const rest = unpack(args);
    if (tag !== undefined) rest.push((...answer) => say(id, 'ack', { tag, args: pack(answer) }));
    socket.emit(event, ...rest);
  },
  burst({ id, event, count, tag }) { // several acknowledged events in one turn of the loop
    for (let i = 0; i < count; i += 1) sockets.get(id).emit(event, i, () => say(id, 'ack', { tag, args: [i] }));
  },
  disconnect({ id }) { sockets.get(id).disconnect(); },
  drop({ id }) { // the network goes away under the client's feet
    const { transport } = sockets.get(id).io.engine;
    if (transport.ws) transport.ws.terminate(); else sockets.get(id).io.engine.close();
  },
};
createInterface({ input: process.stdin }).on('line', (line) => {
  const order = JSON.parse(line);
  operations[order.op](order);
}).on('close', () => { // say goodbye and end by itself, once the last request is through
  for (const socket of sockets.values()) socket.disconnect();
  setTimeout(() => process.exit(1), 5000).unref();
});
