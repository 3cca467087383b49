// The stock client with its own recovery: `node recovering.js URL AUTH`. A JSON line for each thing that happens to it;
// it does what it is told on standard input: `cut` breaks the link as a lost network does, `back` connects again, `leave`
// disconnects on purpose.
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const [url, auth] = process.argv.slice(2);
const report = (line) => console.log(JSON.stringify(line));

const socket = io(url, {
  auth: JSON.parse(auth),
  transports: ["websocket"],
  reconnection: false,
  timeout: 600_000, // of a handshake, on a busy machine
});
socket.on("connect", () => report({ connect: socket.id, recovered: socket.recovered }));
socket.on("connect_error", (error) => report({ connect_error: error.message, data: error.data ?? null }));
socket.on("disconnect", (reason) => report({ disconnect: reason }));
socket.onAny((event, argument) => report({ event, argument }));

const orders = {
  cut: () => socket.io.engine.transport.ws.terminate(),
  back: () => socket.connect(),
  leave: () => socket.disconnect(),
};
createInterface({ input: process.stdin }).on("line", (order) => orders[order]());
