// Leaves out of the lock what no install reads: where packages ask for money, and which registry they came from.
// `npm install` puts it back; run this after it. With `--check` it only says whether there is any, and fails if so.
import { readFileSync, writeFileSync } from "node:fs";

const path = new URL("../package-lock.json", import.meta.url);
const text = readFileSync(path, "utf8");
const lock = JSON.parse(text);
for (const entry of Object.values(lock.packages)) {
  delete entry.funding;
  if (/^https?:/.test(entry.resolved ?? "")) delete entry.resolved;
}
const tidy = `${JSON.stringify(lock, null, 2)}\n`;
if (process.argv[2] !== "--check") writeFileSync(path, tidy);
else if (tidy !== text) {
  console.error("package-lock.json names registries or asks for money: run `node scripts/tidy-lock.js` in web/");
  process.exitCode = 1;
}
