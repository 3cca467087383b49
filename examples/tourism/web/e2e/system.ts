import { type ChildProcessByStdio, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
const VENV = join(ROOT, ".venv/bin/python");
const PYTHON = process.env.SIO_TEST_PYTHON ?? (existsSync(VENV) ? VENV : "python3");

/** The whole system, with an empty database, on free ports. */
export class System {
  readonly #data = mkdtempSync(join(tmpdir(), "tourism-"));
  #process: ChildProcessByStdio<null, Readable, Readable> | undefined;
  url = "";

  async start(): Promise<void> {
    const ports = ["--port", "0", "--server-port", "0"];
    const child = spawn(PYTHON, [join(ROOT, "examples/tourism/run.py"), ...ports, "--data", this.#data], {
      cwd: ROOT,
      env: { PATH: process.env.PATH, PYTHONPATH: ROOT },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process = child;
    let said = "";
    child.stderr.on("data", (text: Buffer) => (said = (said + text.toString()).slice(-4_000)));
    for await (const line of createInterface({ input: child.stdout })) {
      const address = /^Andina: +(\S+)$/.exec(line)?.[1];
      if (address !== undefined) {
        this.url = address;
        return;
      }
    }
    throw new Error(`the example did not start: ${said}`);
  }

  async stop(): Promise<void> {
    const child = this.#process;
    if (child?.exitCode === null) {
      const ended = new Promise((done) => child.once("exit", done));
      child.kill("SIGTERM");
      await ended;
    }
    rmSync(this.#data, { recursive: true, force: true });
  }
}
