import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "./fixtures.ts";
import { Server } from "./server.ts";

const TYPES = `
[types.pedido_listo]
title = "Pedido listo"
data = { pedido_id = "id" }

[types.pedido_pagado]
title = { pt-BR = "Pedido pago", en = "Order paid" }
message = { en = "Order {pedido_id} paid" }
data = { pedido_id = "id" }
`;

test("types in whatever languages are shown with those that they have", async ({ page }) => {
  const directory = await mkdtemp(join(tmpdir(), "sio-types-"));
  await writeFile(join(directory, "types.toml"), TYPES);
  const server = await Server.start({ SIO_SERVER_CATALOG: join(directory, "types.toml") });
  try {
    await page.goto(`${server.url}/#/catalogo?tipo=pedido_listo`);
    await expect(page.getByRole("button", { name: /pedido_listo/ })).toContainText("Pedido listo");
    await expect(page.getByRole("row", { name: /^Español/ })).toContainText("Pedido listo");
    await page.goto(`${server.url}/#/catalogo?tipo=pedido_pagado`);
    await expect(page.getByRole("button", { name: /pedido_pagado/ })).toContainText("Order paid");
    await expect(page.getByRole("row", { name: /^Inglés/ })).toContainText("Order {pedido_id} paid");
    await expect(page.getByRole("row", { name: /^Portugués/ })).toContainText("Falta la traducción");
  } finally {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  }
});
