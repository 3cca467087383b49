/**
 * The pictures of docs/screenshots: `npm run screenshots`. Every section from a server that has something to show: people
 * who are connected, a log, a trickle of bookings. In Spanish light and dark, on a desk and on a phone; in English, light,
 * on a desk. `ALL=1` takes every language in every look, and at 320 pixels as well; `SIO_SCREENSHOTS` says where to.
 */
import { fileURLToPath } from "node:url";
import { expect, test, type Browser, type Page } from "@playwright/test";
import { io, type Socket } from "socket.io-client";
import { Server } from "../e2e/server.ts";

const TARGET = process.env.SIO_SCREENSHOTS ?? fileURLToPath(new URL("../../../docs/screenshots/", import.meta.url));

const ALL = process.env.ALL === "1";

/** Seconds of traffic before the first picture, so that the charts have a story. */
const WARM_UP = Number(process.env.WARM_UP ?? 150);

const PEOPLE = [
  ["101", "turista"],
  ["102", "turista"],
  ["103", "turista"],
  ["104", "turista"],
  ["105", "turista"],
  ["106", "turista"],
  ["ana.quispe", "admin"],
  ["luis.herrera", "admin"],
  ["guia-12", "guia"],
] as const;
const TOURS = ["Cañón del Colca", "Machu Picchu al amanecer", "Valle Sagrado", "Islas Ballestas", "Laguna 69"];
const NAMES = ["Ana Quispe", "María Torres", "Jorge Salas", "Camila Rojas", "Diego Paredes"];

function pick<T>(values: readonly T[], number: number): T {
  return values[number % values.length] as T;
}

/** The bookings of a lively morning, always the same ones. */
function event(number: number): object {
  const tour = pick(TOURS, number * 7);
  const name = pick(NAMES, number * 3);
  const user = String(101 + (number % 6));
  switch (number % 7) {
    case 0:
      return { type: "tour_creado", data: { tour_id: String(number), nombre: tour, precio: 89.5, cupos: 12 } };
    case 1:
    case 4:
      return {
        type: "reserva_creada",
        message: `${name} ha reservado «${tour}»`,
        data: {
          reserva_id: `R-${1_000 + number}`,
          usuario_id: user,
          tour_id: "7",
          tour_nombre: tour,
          fecha: "2026-12-05",
          personas: 2,
          total: 179,
        },
        link: `/admin/reservas/R-${1_000 + number}`,
      };
    case 2:
      return {
        type: "usuario_registrado",
        data: { usuario_id: user, nombre: name, email: "persona@example.com", rol: "turista" },
      };
    case 3:
      return { type: "recomendacion_creada", data: { usuario_id: user, titulo: tour, puntuacion: 4.8 } };
    case 5:
      return {
        type: "servicio_contratado",
        data: { servicio_id: "3", servicio_nombre: "Traslado al aeropuerto", usuario_id: user, total: 35 },
      };
    default:
      return {
        type: "reserva_cancelada",
        data: { reserva_id: `R-${900 + number}`, usuario_id: user, tour_nombre: tour, motivo: "Mal tiempo" },
      };
  }
}

/** One of them, and what becomes of some: amended, taken back, or replaced by a later one. */
async function happen(at: number): Promise<void> {
  const body = at % 7 === 6 ? { ...event(at), collapse_key: "cancelada" } : event(at);
  const { id } = await server.notify(body);
  const path = `${server.url}/v1/notifications/${id}`;
  const headers = { "Content-Type": "application/json" };
  if (at % 7 === 5)
    await fetch(path, { method: "PATCH", headers, body: JSON.stringify({ message: "Traslado a las 6:15" }) });
  if (at % 21 === 3) await fetch(path, { method: "DELETE" });
}

let server: Server;
let sockets: Socket[] = [];
let number = 0;
let trickle: ReturnType<typeof setInterval>;
let shown = "";

test.beforeAll(async () => {
  test.setTimeout((WARM_UP + 60) * 1_000);
  server = await Server.start();
  sockets = PEOPLE.map(([user, role]) =>
    io(server.url, { auth: { user, role }, transports: ["websocket"], forceNew: true }),
  );
  for (const socket of sockets) {
    socket.onAny((name: string, envelope: { seq: number }) => {
      if (!name.startsWith("ns:")) socket.emit("ns:ack", { seq: envelope.seq });
    });
  }
  await expect.poll(() => sockets.every((socket) => socket.connected)).toBe(true);
  const start = Date.now();
  trickle = setInterval(() => {
    // A wave of bookings every minute or so.
    const many = 1 + Math.round(4 * (1 + Math.sin((Date.now() - start) / 11_000)));
    for (let one = 0; one < many; one += 1) void happen((number += 1)).catch(() => undefined);
  }, 500);
  await server.notify({ type: "tour_cread" }).catch(() => undefined); // for the list of errors
  await server.notify({ type: "reserva_creada", data: { personas: "dos" } }).catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, WARM_UP * 1_000));
  const { id } = await server.notify({ ...event(8), audience: { roles: ["admin"], users: ["101", "102"] } });
  shown = id;
  for (const user of ["101", "ana.quispe"]) {
    await fetch(`${server.url}/v1/inbox/read?user=${user}&role=${user === "101" ? "turista" : "admin"}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ ids: [id] }),
    });
  }
});

test.afterAll(async () => {
  clearInterval(trickle);
  for (const socket of sockets) socket.disconnect();
  await server.stop();
});

type Picture = [name: string, path: () => string, prepare?: (page: Page) => Promise<void>];

const SECTIONS: Picture[] = [
  ["resumen", () => "/"],
  ["enviar", () => "/enviar/reserva_creada", fillForm],
  ["en-vivo", () => "/en-vivo"],
  ["historial", () => "/historial"],
  ["notificacion", () => `/historial/${shown}`],
  ["usuarios", () => "/usuarios/101"],
  ["catalogo", () => "/catalogo", async (page) => page.getByRole("button", { name: /reserva_creada/ }).click()],
  ["pruebalo", () => "/pruebalo", tryIt],
  ["api", () => "/api/notify", async (page) => page.locator(".operation-title").waitFor()],
];

async function fillForm(page: Page): Promise<void> {
  await page.getByLabel("usuario_id").fill("101");
  await page.getByLabel("tour_nombre").fill("Valle Sagrado");
  await page.getByLabel("personas").fill("2");
  await page.getByLabel("fecha").first().fill("2026-12-05");
  await page.getByLabel("fecha").first().blur();
  await page.getByTestId("reach").waitFor();
}

/** As far as the count of what the phone has missed. */
async function tryIt(page: Page): Promise<void> {
  const [desk, phone] = [0, 1].map((number) => page.locator("iframe").nth(number).contentFrame());
  if (desk === undefined || phone === undefined) throw new Error("there are no screens");
  for (const stand of ["desk", "phone"]) {
    await page.locator(`[data-testid="${stand}-state"][data-state="connected"]`).waitFor();
  }
  await phone.locator(".guest-offer .guest-button").click();
  await desk.locator(".guest-rows li").waitFor();
  await page.getByRole("button", { name: /^(Cortar la red|Cut the network)$/ }).click();
  await page.getByRole("button", { name: /^(Reservar 5 más|Book 5 more)$/ }).click();
  await expect(desk.locator(".guest-rows li")).toHaveCount(6);
  await page.getByRole("button", { name: /^(Volver a conectar|Reconnect)$/ }).click();
  await expect(page.getByTestId("verdict")).toHaveAttribute("data-tone", "good");
  for (const screen of [desk, phone]) await expect(screen.locator(".sio-toast")).toHaveCount(0);
}

async function simulate(page: Page): Promise<void> {
  await page.getByLabel(/^(Clientes|Clients)$/).fill("12");
  await page.getByRole("button", { name: /^(Conectar|Connect)$/ }).click();
  await expect(page.getByTestId("totals")).toContainText(/12 (de|of) 12/);
  await page.getByRole("button", { name: /^(Lanzar ráfaga|Send burst)/ }).click();
  await expect(page.getByText(/200 (de|of) 200/)).toBeVisible({ timeout: 30_000 });
}

interface Look {
  language: "es" | "en";
  colorScheme: "light" | "dark";
  width: number;
}

async function picture(browser: Browser, { language, colorScheme, width }: Look, sections: Picture[]): Promise<void> {
  const context = await browser.newContext({
    colorScheme,
    viewport: { width, height: width < 600 ? 844 : 860 },
    locale: language === "es" ? "es-ES" : "en-GB",
    reducedMotion: "reduce",
  });
  const suffix = language === "es" ? "" : `-${language}`;
  for (const [name, path, prepare] of sections) {
    const page = await context.newPage();
    await page.goto(`${server.url}/#${path()}`);
    await page.locator('[data-status="connected"]').waitFor();
    await prepare?.(page);
    await page.mouse.move(0, 0);
    await page.evaluate(() => {
      scrollTo(0, 0);
    });
    await page.waitForTimeout(1_500);
    await page.screenshot({ path: `${TARGET}${name}${suffix}-${colorScheme}-${width}.png` });
    await page.close();
  }
  await context.close();
}

const LOOKS = (["es", "en"] as const)
  .flatMap((language) => (["light", "dark"] as const).map((colorScheme) => ({ language, colorScheme })))
  .flatMap((look) => [1280, 390, 320].map((width): Look => ({ ...look, width })))
  .filter(
    ({ language, colorScheme, width }) =>
      ALL || (width !== 320 && (language === "es" || (colorScheme === "light" && width === 1280))),
  );

for (const look of LOOKS) {
  test(`sections, ${Object.values(look).join(", ")}`, async ({ browser }) => {
    test.setTimeout(180_000);
    await picture(browser, look, SECTIONS);
  });
}

// Last, as its bursts would be all that is seen in the charts of the others.
for (const look of LOOKS) {
  test(`simulator, ${Object.values(look).join(", ")}`, async ({ browser }) => {
    await picture(browser, look, [["simulador", () => "/simulador", simulate]]);
  });
}
