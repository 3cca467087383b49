import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"];

/** Where Chromium or Chrome is installed; undefined leaves it to Playwright's own. */
export function browserPath(): string | undefined {
  if (process.env.SIO_TEST_BROWSER !== undefined) return process.env.SIO_TEST_BROWSER;
  const directories = (process.env.PATH ?? "").split(delimiter);
  return directories.flatMap((directory) => NAMES.map((name) => join(directory, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
