import { type ChildProcessByStdio, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

// The checkout whose server is tested, and the Python to run it with.
const ROOT = process.env.SIO_TEST_ROOT ?? resolve(import.meta.dirname, "../../..");
const VENV = join(ROOT, ".venv/bin/python");
const PYTHON = process.env.SIO_TEST_PYTHON ?? (existsSync(VENV) ? VENV : "python3");

/** Where the processes of a run of tests find the one whose forks their servers are. */
const SOCKET = "SIO_TEST_FORKS";

/** A server process. */
export interface Process {
  url: string;
  /** Resolves when it has ended, however that came. */
  ended: Promise<unknown>;
  /** Sends a signal to it, if it is still there. */
  signal: (signal: NodeJS.Signals) => void;
}

/** Where all of them write what is wrong. */
const errorsOf = (path: string): string => `${path}.errors`;
const said = (path: string): string => readFileSync(errorsOf(path), "utf8").slice(-2_000);

type News = Partial<{ pid: number; url: string; ended: number }>;

/**
 * Before all tests of a run: starts the process whose forks the servers are, so that the second that Python needs to import
 * everything is spent once. Returns how to end it, and with it every server that is left.
 */
export default async function start(): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), "sio-forks-"));
  const path = join(directory, "socket");
  const errors = openSync(errorsOf(path), "a");
  const child = spawn(PYTHON, [join(ROOT, "scripts/forks.py"), path], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, PYTHONPATH: ROOT },
    stdio: ["pipe", "pipe", errors],
  }) as ChildProcessByStdio<Writable, Readable, null>;
  closeSync(errors);
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const ready = new Promise((over) => createInterface(child.stdout).once("line", over));
  const failed = ended.then((code) => {
    throw new Error(`${PYTHON} ended with ${code ?? "a signal"} before any server was started: ${said(path)}`);
  });
  await Promise.race([ready, failed]);
  failed.catch(() => undefined);
  process.env[SOCKET] = path;
  return async () => {
    child.stdin.end();
    await ended;
    await rm(directory, { recursive: true, force: true });
  };
}

/** Runs `sio-server` with these arguments in a directory until it has said where it is. */
export async function fork(
  args: readonly string[],
  environment: Record<string, string>,
  directory = ROOT,
): Promise<Process> {
  const path = process.env[SOCKET] ?? "";
  const connection = connect(path);
  // A test that ends at once leaves its server to the end of the connection.
  connection.unref();
  const request = {
    arguments: args,
    environment: { PATH: process.env.PATH, PYTHONPATH: ROOT, ...environment },
    directory,
  };
  connection.write(`${JSON.stringify(request)}\n`);
  let known: News = {};
  let isEnded = false;
  return new Promise((up, down) => {
    connection.once("error", down);
    const ended = new Promise((over) => {
      createInterface(connection)
        .on("line", (line) => {
          known = { ...known, ...(JSON.parse(line) as News) };
          const { pid, url } = known;
          if (known.ended === undefined && pid !== undefined && url !== undefined)
            up({
              url,
              ended,
              signal: (signal) => {
                if (!isEnded) process.kill(pid, signal);
              },
            });
        })
        .once("close", () => {
          isEnded = true;
          over(known.ended);
          down(new Error(`the server ended with ${known.ended ?? "its parent"} before it answered: ${said(path)}`));
        });
    });
  });
}
