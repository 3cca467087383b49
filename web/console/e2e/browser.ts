import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const WHOLE = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"];

/** The same engine without the program around it: half the work for each page. */
const SHELL = "chromium-headless-shell";

/** Where what pages are tested in is installed; undefined leaves it to Playwright's own, which is such a shell as well. */
export function browserPath(): string | undefined {
  return process.env.SIO_TEST_BROWSER ?? find([SHELL, ...WHOLE]);
}

/** Where a browser is that has what a shell lacks: settings of a person, windows, measurements that count for others. */
export function wholeBrowserPath(): string | undefined {
  return process.env.SIO_TEST_BROWSER ?? find(WHOLE);
}

function find(names: readonly string[]): string | undefined {
  const directories = (process.env.PATH ?? "").split(delimiter);
  return names.flatMap((name) => directories.map((directory) => join(directory, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
