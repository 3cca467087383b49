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

const FILES = {
  "hooks/src/core/events.gen.ts": () => said("-m", "sio_server", "catalog", "export", "--format", "ts"),
  "console/src/api/records.gen.ts": async () => {
    const head =
      "// What the server takes and answers over HTTP, written by `npm run generate` from its OpenAPI document.\n";
    const { openapi, info, components } = JSON.parse(said("scripts/openapi.py"));
    return `${head}// Change the server's schemas, not this file.\n\n${await typesOf({ openapi, info, components })}`;
  },
};

/** The schemas of a document as one interface, `components`, in the order of their names. */
async function typesOf({ components, ...document }) {
  const schemas = Object.fromEntries(
    Object.entries(components.schemas).sort(([one], [other]) => (one < other ? -1 : 1)),
  );
  const nodes = await openapiTS({ ...document, paths: {}, components: { schemas } }, { silent: true });
  return astToString(nodes.filter((node) => node.name?.text === "components"));
}

for (const [name, make] of Object.entries(FILES)) {
  const file = resolve(import.meta.dirname, "..", name);
  const current = await make();
  if (!process.argv.includes("--check")) {
    writeFileSync(file, current);
  } else if (!existsSync(file) || readFileSync(file, "utf8") !== current) {
    console.error(`web/${name} is not what the server says: run \`scripts/web.sh npm run generate\``);
    process.exitCode = 1;
  }
}
