import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";

/** What is wrong with what is on the screen for who uses it with other means: each rule, and the elements. */
export async function violationsOf(page: Page): Promise<[string, string[]][]> {
  // No frame is another site's: the second page, in which the tool would gather what it finds in those, is most of its time.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
  return violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]);
}
