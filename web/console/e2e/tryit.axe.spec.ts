import { violationsOf } from "./axe.ts";
import { expect, test } from "./fixtures.ts";
import { look, overflowOf } from "./layout.ts";
import { Theatre, WORDS } from "./tryit.ts";

const SCHEMES = [
  { colorScheme: "light", forcedColors: "none" },
  { colorScheme: "dark", forcedColors: "none" },
] as const;

for (const [width, language, looks] of [
  [1280, "es", SCHEMES],
  [390, "en", SCHEMES],
  [320, "es", SCHEMES],
  // One a page: a change of these two together leaves colours of both in it, which no reader's system does.
  [1280, "en", [{ colorScheme: "light", forcedColors: "active" }]],
  [1280, "en", [{ colorScheme: "dark", forcedColors: "active" }]],
] as const) {
  const colours = looks.map((one) => `${one.colorScheme}, forced: ${one.forcedColors}`).join("; ");
  test(`no state of it has an accessibility violation: ${width} wide, ${language}, ${colours}`, async ({
    browser,
    server,
  }) => {
    test.setTimeout(180_000);
    const words = WORDS[language];
    const context = await browser.newContext({
      ...looks[0],
      locale: words.locale,
      viewport: { width, height: 844 },
      reducedMotion: "reduce",
    });
    const page = await context.newPage();
    const theatre = new Theatre(page, words);
    const isClean = async (state: string) => {
      for (const one of looks) {
        await look(page, one);
        expect([state, one, await violationsOf(page)]).toEqual([state, one, []]);
        expect([state, one, await overflowOf(page)]).toEqual([state, one, 0]);
      }
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
