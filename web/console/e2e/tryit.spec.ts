import { expect, isConnected, section, test } from "./fixtures.ts";
import { KEY, token } from "./server.ts";
import { Theatre, TOURS, WORDS } from "./tryit.ts";

interface Users {
  users: { user: string; connections: unknown[] }[];
}

for (const language of ["es", "en"] as const) {
  for (const width of [1280, 390]) {
    test(`what is booked in a cut arrives after it, once and in order: ${language}, ${width} wide`, async ({
      browser,
      server,
    }) => {
      const words = WORDS[language];
      const context = await browser.newContext({ locale: words.locale, viewport: { width, height: 844 } });
      const page = await context.newPage();
      const theatre = new Theatre(page, words);
      await theatre.open(server.url);
      await expect(page.getByRole("heading", { level: 1, name: words.title })).toBeVisible();

      await theatre.book();
      await expect(theatre.rows).toHaveText(TOURS.slice(-1));
      await expect(theatre.desk.locator(".guest-ms")).toHaveText(/^(en|in) [\d.,]+ ms$/);
      await expect(page.getByText(/(En el escritorio de Marta, en|On Marta’s desk in) [\d.,]+ ms\./)).toBeVisible();
      await expect(theatre.tickets).toHaveText(TOURS.slice(-1));
      await expect(theatre.phone.locator(".guest-bookings")).toContainText(words.confirmed);
      await expect(theatre.phone.locator(".sio-toast")).toContainText(words.booking);

      const connections = async () => {
        const { users } = (await server.call("/v1/users?limit=10")) as Users;
        return users.filter(({ user }) => user.startsWith("guest:")).length;
      };
      expect(await connections()).toBe(2);
      await theatre.button(words.cut).click();
      await expect(theatre.phone.locator(".sio-banner")).toContainText(words.offline);
      await expect(page.getByTestId("phone-state")).toHaveAttribute("data-state", "cut");
      await expect.poll(connections).toBe(1);

      await theatre.button(words.more).click();
      await expect(theatre.rows).toHaveText(TOURS);
      await expect(page.getByText(/^5 (de|of) 5 .*, 0 /)).toBeVisible();
      await expect(theatre.tickets).toHaveText(TOURS.slice(-1));
      await expect(theatre.verdict).toHaveCount(0);

      await theatre.button(words.back).click();
      await expect(theatre.verdict).toHaveText(words.perfect);
      await expect(theatre.verdict).toHaveAttribute("data-tone", "good");
      await expect(theatre.tickets).toHaveText(TOURS);
      await expect(theatre.phone.locator(".sio-banner")).toBeHidden();
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
      await context.close();
    });
  }
}

test("a network without WebSockets is cut and mended as well", async ({ consolePage: page, server }) => {
  await page.routeWebSocket(/\/socket\.io\//, (socket) => socket.close());
  const polls: string[] = [];
  page.on("request", (request) => {
    if (request.url().includes("transport=polling")) polls.push(request.method());
  });
  const theatre = new Theatre(page);
  await theatre.open(server.url);
  expect(polls).toContain("POST");
  await theatre.book();
  await expect(theatre.tickets).toHaveText(TOURS.slice(-1));
  await theatre.button("Cortar la red").click();
  await expect(theatre.phone.locator(".sio-banner")).toContainText(WORDS.es.offline);
  await theatre.button("Reservar 5 más").click();
  await expect(page.getByText("5 de 5 en el escritorio, 0 en el teléfono.")).toBeVisible();
  await theatre.button("Volver a conectar").click();
  await expect(theatre.verdict).toHaveText(WORDS.es.perfect);
  await expect(theatre.tickets).toHaveText(TOURS);
});

test("a booking that never reaches the phone is told as lost", async ({ consolePage: page, server }) => {
  const theatre = new Theatre(page);
  await theatre.open(server.url);
  await theatre.button("Cortar la red").click();
  let number = 0;
  await page.route("**/notify", async (route) => {
    number += 1;
    const body = route.request().postDataJSON() as object;
    // The third is not kept in the log, so a phone that is away will never have it.
    await route.continue(number === 3 ? { postData: JSON.stringify({ ...body, persist: false, ttl: undefined }) } : {});
  });
  await theatre.button("Reservar 5 más").click();
  await expect(page.getByText("5 de 5 en el escritorio, 0 en el teléfono.")).toBeVisible();
  await theatre.button("Volver a conectar").click();

  await expect(theatre.verdict).toHaveText("4 recibidas, 1 perdida, 0 repetidas, en orden");
  await expect(theatre.verdict).toHaveAttribute("data-tone", "bad");
});

test("while it is cut, nothing comes or goes: the phone's booking neither", async ({ consolePage: page, server }) => {
  const theatre = new Theatre(page);
  await theatre.open(server.url);
  await theatre.button("Cortar la red").click();
  await expect(theatre.phone.locator(".sio-banner")).toBeVisible();
  await theatre.book();
  await expect(theatre.phone.getByText("Sin conexión: podrás reservar cuando vuelva.")).toBeVisible();
  // The kit's own attempt, and its inbox over HTTP, find no way either.
  await theatre.phone.getByRole("button", { name: "Reintentar" }).click();
  const fetched = await theatre.phone.locator("body").evaluate(() =>
    fetch("/health/live").then(
      () => "answered",
      () => "failed",
    ),
  );
  expect(fetched).toBe("failed");
  await expect(theatre.phone.locator(".sio-banner")).toBeVisible();

  await theatre.button("Volver a conectar").click();
  await theatre.ready();
  await theatre.book();
  await expect(theatre.tickets).toHaveText(["Cañón del Colca"]);
  expect(await server.call("/v1/stats")).toMatchObject({ publishes: { accepted: 1 } });
});

test("with the keyboard alone: book, cut, five more, reconnect", async ({ consolePage: page, server }) => {
  const theatre = new Theatre(page);
  await theatre.open(server.url);
  const tabTo = async (name: string) => {
    const inFrames = () =>
      page.evaluate(() => {
        let { activeElement } = document;
        if (activeElement instanceof HTMLIFrameElement)
          activeElement = activeElement.contentDocument?.activeElement ?? null;
        return activeElement?.textContent.trim() ?? "";
      });
    for (let step = 0; step < 40 && (await inFrames()) !== name; step += 1) await page.keyboard.press("Tab");
    expect(await inFrames()).toBe(name);
  };
  await tabTo("Reservar");
  await page.keyboard.press("Enter");
  await expect(theatre.rows).toHaveText(TOURS.slice(-1));
  await page.getByRole("heading", { level: 1 }).focus();
  await tabTo("Cortar la red");
  await page.keyboard.press("Enter");
  await expect(theatre.phone.locator(".sio-banner")).toBeVisible();
  await tabTo("Reservar 5 más");
  await page.keyboard.press("Space");
  await expect(theatre.rows).toHaveText(TOURS);
  await tabTo("Volver a conectar");
  await page.keyboard.press("Enter");

  await expect(theatre.verdict).toHaveText(WORDS.es.perfect);
});

test("nobody else gets anything of it, whoever is connected, not even of the day", async ({
  consolePage: page,
  server,
  connect,
}) => {
  test.setTimeout(150_000);
  const heard: string[] = [];
  for (const [user, role] of [
    ["101", "turista"],
    ["ana", "admin"],
    ["", "admin"],
  ] as const) {
    (await connect(user, role)).onAny((event: string) => {
      if (!event.startsWith("ns:")) heard.push(event);
    });
  }
  const theatre = new Theatre(page);
  await theatre.open(server.url);
  await theatre.book();
  await expect(theatre.tickets).toHaveCount(1);
  await theatre.button("Cortar la red").click();
  await theatre.button("Reservar 5 más").click();
  await expect(theatre.rows).toHaveCount(6);
  await theatre.button("Volver a conectar").click();
  await expect(theatre.verdict).toHaveText(WORDS.es.perfect);

  await theatre.button("Vivir un día").click();
  await expect(page.getByTestId("day")).toHaveText("Fin del día: 9 avisos para Marta, 6 para Ana.", {
    timeout: 90_000,
  });
  await expect(theatre.phone.locator("[data-cancelled]")).toContainText("Vuelta a la laguna");

  expect(heard).toEqual([]);
  for (const [user, role] of [
    ["101", "turista"],
    ["ana", "admin"],
    ["late", "admin"],
  ]) {
    const inbox = (await server.call(`/v1/inbox?user=${user}&role=${role}`)) as { items: unknown[]; counts: object };
    expect(inbox.items).toEqual([]);
    expect(inbox.counts).toMatchObject({ unread: 0 });
  }
  const log = (await server.call("/v1/notifications?limit=100")) as {
    items: { audience: { users: string[]; roles: string[]; all: boolean }; timestamp: string; expires_at: string }[];
  };
  expect(log.items).toHaveLength(15);
  for (const { audience, timestamp, expires_at } of log.items) {
    expect(audience).toMatchObject({ roles: [], topics: [], all: false });
    expect(audience.users.filter((user) => !user.startsWith("guest:"))).toEqual([]);
    expect(Date.parse(expires_at) - Date.parse(timestamp)).toBeLessThanOrEqual(3_600_000);
  }
});

test("the day is stopped, and begins anew", async ({ consolePage: page, server }) => {
  const theatre = new Theatre(page);
  await theatre.open(server.url);
  await theatre.button("Vivir un día").click();
  await expect(page.getByTestId("day")).toHaveText("07:50 · Nuevo usuario");
  await theatre.button("Parar").click();
  await expect(page.getByTestId("day")).toHaveCount(0);
  await theatre.button("Vivir un día").click();
  await expect(page.getByTestId("day")).toHaveText("07:50 · Nuevo usuario");
  await expect(theatre.desk.getByRole("button", { name: "Notificaciones, 2 sin leer" })).toBeVisible();
});

test("the guests stay who they are while one looks at other sections", async ({ consolePage: page, server }) => {
  const theatre = new Theatre(page);
  await theatre.open(server.url);
  await theatre.book();
  await expect(theatre.tickets).toHaveCount(1);
  await section(page, "Historial");
  await section(page, "Pruébalo");
  await theatre.ready();
  await expect(theatre.tickets).toHaveCount(1);
  await expect(theatre.rows).toHaveCount(1);
});

test("the screens follow the console's language and theme", async ({ consolePage: page, server }) => {
  const theatre = new Theatre(page);
  await theatre.open(server.url);
  await page.getByRole("button", { name: /^Preferencias/ }).click();
  await page.getByText("English", { exact: true }).click();
  const english = new Theatre(page, WORDS.en);
  await expect(english.phone.getByRole("heading", { level: 1 })).toHaveText("Where to next, Ana?");
  await page.getByText("Dark", { exact: true }).click();
  await expect(english.phone.locator("html")).toHaveAttribute("data-mantine-color-scheme", "dark");
  await expect(english.desk.locator("html")).toHaveAttribute("data-mantine-color-scheme", "dark");
});

test("where nothing was published yet, trying it is the first thing offered", async ({ consolePage: page }) => {
  const guide = page.getByRole("region", { name: /^Tu primera notificación/ });
  await expect(guide.getByRole("link").first()).toHaveText("Pruébalo");
  await guide.getByRole("link").first().click();
  await expect(page.getByRole("heading", { level: 1, name: "Pruébalo" })).toBeVisible();
});

test("Ctrl+K goes there", async ({ consolePage: page }) => {
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").fill("prueba");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Pruébalo" })).toBeVisible();
});

test("on a server with keys it works the same, for a key and for an administrator", async ({ page, secured }) => {
  for (const credential of [KEY, token("ana", "admin")]) {
    await page.goto("about:blank");
    await page.goto(`${secured.url}/#/pruebalo`);
    await page.getByLabel("Token o clave").fill(credential);
    await page.getByRole("button", { name: "Entrar" }).click();
    await isConnected(page);
    const theatre = new Theatre(page);
    await theatre.ready();
    await theatre.book();
    await expect(theatre.tickets).toHaveCount(1);
    await theatre.button("Cortar la red").click();
    await theatre.button("Reservar 5 más").click();
    await expect(theatre.rows).toHaveCount(6);
    await theatre.button("Volver a conectar").click();
    await expect(theatre.verdict).toHaveText(WORDS.es.perfect);
  }
});
