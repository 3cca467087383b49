// Writes what the server says of itself as TypeScript, or with --check fails where a file differs from that.
//
//     SIO_TEST_PYTHON=/path/to/python node scripts/generate.js [--check]
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
// Its peer is TypeScript 5; package.json hands it ours, whose interface for making types is the same.
import openapiTS, { astToString } from "openapi-typescript";

const root = process.env.SIO_TEST_ROOT ?? resolve(import.meta.dirname, "../..");
const venv = join(root, ".venv/bin/python");
const python = process.env.SIO_TEST_PYTHON ?? (existsSync(venv) ? venv : "python3");

const said = (...args) =>
  execFileSync(python, args, { encoding: "utf8", cwd: root, env: { ...process.env, PYTHONPATH: root } });

const { http, live } = JSON.parse(said("scripts/schemas.py"));
const { Attendance, Observed, ObservedItem, ObservedRemoval } = live;
const { Acted, Answered, InboxItem, InboxPage, Marked } = http;

const FILES = {
  "hooks/src/core/events.gen.ts": said("-m", "sio_server", "catalog", "export", "--format", "ts"),
  // Of HTTP the kit asks for the inbox alone.
  "hooks/src/core/wire.gen.ts": await typesOf("is said on live connections, and of the inbox over HTTP", {
    ...live,
    Acted,
    Answered,
    InboxItem,
    InboxPage,
    Marked,
  }),
  // Of live connections the console looks at two events alone: what those who look on are shown, and who comes and goes.
  "console/src/api/records.gen.ts": await typesOf("is said over HTTP", {
    ...http,
    Attendance,
    Observed,
    ObservedItem,
    ObservedRemoval,
  }),
};

/** These JSON Schemas as one interface, `components`, in the order of their names. */
async function typesOf(what, found) {
  const schemas = Object.fromEntries(Object.entries(found).sort(([one], [other]) => (one < other ? -1 : 1)));
  const info = { title: "sio-server", version: "0" };
  const nodes = await openapiTS({ openapi: "3.1.0", info, paths: {}, components: { schemas } }, { silent: true });
  const types = astToString(nodes.filter((node) => node.name?.text === "components"));
  return `// What ${what}, written by \`npm run generate\` from the server's schemas.\n// Change those, not this file.\n\n${types}`;
}

for (const [name, current] of Object.entries(FILES)) {
  const file = resolve(import.meta.dirname, "..", name);
  if (!process.argv.includes("--check")) {
    writeFileSync(file, current);
  } else if (!existsSync(file) || readFileSync(file, "utf8") !== current) {
    console.error(`web/${name} is not what the server says: run \`scripts/web.sh npm run generate\``);
    process.exitCode = 1;
  }
}
