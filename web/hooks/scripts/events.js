// Writes src/core/events.gen.ts from the server's catalogue, or with --check fails when it differs.
//
//     SIO_TEST_PYTHON=/path/to/python node scripts/events.js [--check]
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = process.env.SIO_TEST_ROOT ?? resolve(import.meta.dirname, "../../..");
const venv = join(root, ".venv/bin/python");
const python = process.env.SIO_TEST_PYTHON ?? (existsSync(venv) ? venv : "python3");
const file = resolve(import.meta.dirname, "../src/core/events.gen.ts");

const current = execFileSync(python, ["-m", "sio_server", "catalog", "export", "--format", "ts"], {
  encoding: "utf8",
  env: { ...process.env, PYTHONPATH: root },
});
if (!process.argv.includes("--check")) {
  writeFileSync(file, current);
} else if (readFileSync(file, "utf8") !== current) {
  console.error("src/core/events.gen.ts is not what the catalogue says: run `npm run events` in web/hooks");
  process.exit(1);
}
