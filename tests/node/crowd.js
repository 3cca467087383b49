// Many stock clients in one process: `node crowd.js URL COUNT TOKEN…` (tokens are dealt out in turn). It prints "ready" when all
// have been greeted, then takes orders on standard input: `report` prints, as JSON, how far everybody is.
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const [url, count, ...tokens] = process.argv.slice(2);
const clients = [];
let greeted = 0;

for (let number = 0; number < Number(count); number += 1) {
  const client = { cursor: null, greetings: 0, seqs: [], told: null };
  client.socket = io(url, {
    // A cursor of its own, as the documentation shows it: no library of ours.
    auth: (cb) => cb({ token: tokens[number % tokens.length], cursor: client.cursor }),
    transports: ["websocket"],
    forceNew: true,
    timeout: 600_000, // of a handshake: on a busy machine a thousand of them take long
  });
  client.socket.on("ns:hello", (hello) => {
    client.cursor = hello.cursor;
    client.greetings += 1;
    if (client.greetings === 1 && ++greeted === Number(count)) console.log(JSON.stringify("ready"));
  });
  client.socket.on("ns:draining", ({ retry_in_ms }) => (client.told = retry_in_ms));
  client.socket.onAny((event, argument) => {
    if (event.startsWith("ns:")) return;
    client.cursor = argument.cursor;
    client.seqs.push(argument.seq);
  });
  clients.push(client);
}

// The most of some moments (milliseconds) that lie within a second of one another.
function peak(moments) {
  const sorted = moments.toSorted((a, b) => a - b);
  return Math.max(0, ...sorted.map((start, index) => sorted.filter((one, at) => at >= index && one < start + 1000).length));
}

const inOrder = (seqs) => seqs.every((seq, index) => index === 0 || seqs[index - 1] < seq);

createInterface({ input: process.stdin }).on("line", () => {
  console.log(
    JSON.stringify({
      connected: clients.filter(({ socket }) => socket.connected).length,
      back: clients.filter(({ greetings }) => greetings > 1).length,
      told: clients.filter(({ told }) => told !== null).length,
      disordered: clients.filter(({ seqs }) => !inOrder(seqs)).length,
      least: Math.min(...clients.map(({ seqs }) => seqs.at(-1) ?? 0)),
      fewest: Math.min(...clients.map(({ seqs }) => seqs.length)),
      most: Math.max(...clients.map(({ seqs }) => seqs.length)),
      peak: peak(clients.map(({ told }) => told ?? 0)),
      longest: Math.max(...clients.map(({ told }) => told ?? 0)),
    }),
  );
});
