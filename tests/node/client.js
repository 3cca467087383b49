// The stock client: `node client.js URL OPTIONS`, a JSON line on standard output for each thing that happens to it.
import { io } from "socket.io-client";

const [url, text = "{}"] = process.argv.slice(2);
const { notify, again, ...options } = JSON.parse(text);
const report = (line) => console.log(JSON.stringify(line));

// On a busy machine a handshake may take long: the library gives one up after 20 seconds.
const socket = io(url, { timeout: 600_000, reconnectionDelay: 50, reconnectionDelayMax: 200, ...options });
socket.on("connect", () => {
  report({ connect: socket.recovered ?? false });
  if (again && !socket.left) {
    socket.left = true;
    socket.disconnect();
    socket.connect();
  }
  if (notify !== undefined) {
    socket.emit("notify", notify, (answer) => report({ ack: answer }));
  }
});
socket.io.on("open", () => {
  socket.io.engine.on("upgrade", (transport) => report({ upgrade: transport.name }));
});
socket.onAny((event, argument) => report({ event, argument, transport: socket.io.engine.transport.name }));
socket.on("connect_error", (error) => report({ connect_error: error.message, data: error.data ?? null }));
socket.on("disconnect", (reason) => report({ disconnect: reason }));
