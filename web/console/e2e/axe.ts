import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "@playwright/test";
import type axe from "axe-core";
import { settled } from "./layout.ts";

const SOURCE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/**
 * What is wrong with what is on the screen for who uses it with other means: each rule, and the elements. Every rule in
 * every look, for at another width there are other elements; most of the time goes into colours anyway.
 */
export async function violationsOf(page: Page): Promise<[string, string[]][]> {
  await settled(page);
  // Once for each document: its 600 kB cost as much as looking through a page.
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(SOURCE);
  return page.evaluate(async () => {
    const { axe: tool } = window as unknown as { axe: typeof axe };
    const { violations } = await tool.run({ resultTypes: ["violations"] });
    return violations.map(({ id, nodes }): [string, string[]] => [id, nodes.map((node) => node.html)]);
  });
}
