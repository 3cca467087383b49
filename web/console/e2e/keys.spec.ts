import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { violationsOf } from "./axe.ts";
import { expect, isConnected, section, test } from "./fixtures.ts";
import { look, overflowOf } from "./layout.ts";
import type { Server } from "./server.ts";
import { KEY } from "./server.ts";

const run = promisify(execFile);

/** As an administrator types it on the server's machine; returns what it prints: the key. */
async function keys(server: Server, ...args: string[]): Promise<string> {
  const python = process.env.SIO_TEST_PYTHON ?? "python3";
  const { stdout } = await run(python, ["-m", "sio_server", "keys", ...args, "--data-dir", server.directory], {
    cwd: new URL("../../..", import.meta.url),
  });
  return stdout.trim();
}

test("keys are shown with what they allow and who uses them, while they are made, rotated and revoked", async ({
  page,
  secured,
}) => {
  await page.goto(secured.url);
  await page.getByLabel("Token o clave").fill(KEY);
  await page.getByRole("button", { name: "Entrar" }).click();
  await isConnected(page);
  await section(page, "Claves");
  await expect(page.getByText("Aún no hay claves con nombre")).toBeVisible();
  await expect(page.getByText("1 clave", { exact: true })).toBeVisible();

  const key = await keys(secured, "add", "reservas", "--types", "reserva_*", "--roles", "admin", "--rate", "20/s");
  const panel = page.getByRole("region", { name: "reservas", exact: true });
  await expect(panel).toContainText("reserva_*");
  await expect(panel).toContainText("rol admin");
  await expect(panel).toContainText("20 por segundo");
  await expect(panel).toContainText("Sin usar, que se sepa");
  await expect(panel).toContainText(key.slice(0, 11));
  await expect(page.locator("body")).not.toContainText(key);

  const body = { type: "reserva_creada", data: { tour_nombre: "Colca", personas: 2 }, audience: { roles: ["admin"] } };
  const reply = await fetch(`${secured.url}/notify`, {
    method: "POST",
    headers: { Authorization: `Bearer ${key}` },
    body: JSON.stringify(body),
  });
  expect(reply.status).toBe(200);
  await expect(panel).not.toContainText("Sin usar, que se sepa");

  await keys(secured, "rotate", "reservas");
  await expect(panel.getByText("Se está renovando")).toBeVisible();
  await expect(panel).toContainText("queda algún backend por cambiar");
  for (const one of [
    { colorScheme: "dark", width: 1280, height: 860 } as const,
    { colorScheme: "light", width: 320, height: 640 } as const,
  ]) {
    await look(page, one);
    expect([one, await violationsOf(page)]).toEqual([one, []]);
    expect(await overflowOf(page)).toBe(0);
  }
  await look(page, { width: 1280, height: 860 });

  const { id } = (await reply.json()) as { id: string };
  await page.goto(`${secured.url}/#/historial/${id}`);
  await expect(page.getByText("Clave reservas", { exact: true })).toBeVisible();

  await keys(secured, "revoke", "reservas");
  await section(page, "Claves");
  await expect(panel).toHaveCount(0);
});

test("in development it says that no key is needed", async ({ consolePage: page }) => {
  await section(page, "Claves");
  await expect(page.getByText("En desarrollo no hace falta ninguna clave")).toBeVisible();
  await expect(page.getByText("Aún no hay claves con nombre")).toBeVisible();
});
