import { spawn, type ChildProcessByStdio } from "node:child_process";
import { existsSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

const ROOT = process.env.SIO_TEST_ROOT ?? fileURLToPath(new URL("../../..", import.meta.url));
const VENV = join(ROOT, ".venv/bin/python");
const PYTHON = process.env.SIO_TEST_PYTHON ?? (existsSync(VENV) ? VENV : "python3");

/** A server process. */
export interface Process {
  url: string;
  /** Sends the signal and waits for the end. */
  end: (signal: NodeJS.Signals) => Promise<void>;
}

type News = { number: number } & ({ pid: number; url: string } | { ended: number });

interface Waiting {
  isUp: (pid: number, url: string) => void;
  isDown: (code: number) => void;
}

let parent: ChildProcessByStdio<Writable, Readable, Readable> | undefined;
let said = "";
let last = 0;
const started = new Map<number, Waiting>();

/** The process whose forks the servers are: the second that Python needs to import everything is spent once. */
function run(): NonNullable<typeof parent> {
  const child = spawn(PYTHON, [join(ROOT, "scripts/forks.py")], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, PYTHONPATH: ROOT },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stderr.on("data", (text: Buffer) => (said = (said + text.toString()).slice(-2_000)));
  createInterface(child.stdout).on("line", (line) => {
    const news = JSON.parse(line) as News;
    const waiting = started.get(news.number);
    if ("url" in news) waiting?.isUp(news.pid, news.url);
    else waiting?.isDown(news.ended);
  });
  child.once("exit", (code) => {
    for (const { isDown } of started.values()) isDown(code ?? -1);
    parent = undefined;
  });
  // It ends with its standard input: no reason for this process to stay.
  for (const pipe of [child.stdin, child.stdout, child.stderr]) (pipe as Socket).unref();
  child.unref();
  return child;
}

/** Runs `sio-server` with these arguments until it has said where it is. */
export async function fork(args: readonly string[], environment: Record<string, string>): Promise<Process> {
  parent ??= run();
  const number = (last += 1);
  const request = {
    number,
    arguments: args,
    environment: { PATH: process.env.PATH, PYTHONPATH: ROOT, ...environment },
  };
  let down: (code: number) => void = () => undefined;
  const ended = new Promise<number>((resolve) => (down = resolve));
  void ended.then(() => started.delete(number));
  const up = new Promise<[number, string]>((resolve) => {
    started.set(number, {
      isUp: (pid, url) => {
        resolve([pid, url]);
      },
      isDown: down,
    });
  });
  parent.stdin.write(`${JSON.stringify(request)}\n`);
  const failed = ended.then((code) => {
    throw new Error(`the server ended with ${code} before it answered: ${said}`);
  });
  const [pid, url] = await Promise.race([up, failed]);
  return {
    url,
    end: async (signal) => {
      if (started.has(number)) process.kill(pid, signal);
      await ended;
    },
  };
}
