import { violationsOf } from "./axe.ts";
import { expect, test } from "./fixtures.ts";
import { Theatre, WORDS } from "./tryit.ts";

for (const colorScheme of ["light", "dark"] as const) {
  for (const [width, language, forcedColors] of [
    [1280, "es", "none"],
    [390, "en", "none"],
    [320, "es", "none"],
    [1280, "en", "active"],
  ] as const) {
    test(`no state of it has an accessibility violation: ${colorScheme}, ${width} wide, colours forced: ${forcedColors}`, async ({
      browser,
      server,
    }) => {
      test.setTimeout(180_000);
      const words = WORDS[language];
      const context = await browser.newContext({
        colorScheme,
        forcedColors,
        locale: words.locale,
        viewport: { width, height: 844 },
        reducedMotion: "reduce",
      });
      const page = await context.newPage();
      const theatre = new Theatre(page, words);
      const isClean = async (state: string) => {
        expect([state, await violationsOf(page)]).toEqual([state, []]);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect([state, overflow]).toEqual([state, 0]);
      };
      await theatre.open(server.url);
      await isClean("open");
      await theatre.book();
      await expect(theatre.tickets).toHaveCount(1);
      await theatre.button(words.cut).click();
      await theatre.button(words.more).click();
      await expect(theatre.rows).toHaveCount(6);
      await theatre.phone.locator(".sio-banner").waitFor();
      await isClean("cut");
      await theatre.button(words.back).click();
      await expect(theatre.verdict).toHaveText(words.perfect);
      await theatre.phone.locator(".sio-bell-button").click();
      await theatre.phone.getByRole("dialog").waitFor();
      await isClean("back, with the phone's inbox");
      await theatre.button(words.own).click();
      await page.locator(".qr").waitFor();
      await isClean("own phone");
      await context.close();
    });
  }
}
