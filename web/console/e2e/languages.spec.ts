import { violationsOf } from "./axe.ts";
import { expect, section, test } from "./fixtures.ts";
import { look, overflowOf } from "./layout.ts";

test("a notification is written in several languages, seen in each, and published so", async ({
  consolePage: page,
  server,
}) => {
  await section(page, "Enviar");
  const type = page.getByRole("combobox", { name: "Tipo de evento" });
  await type.fill("reserva_creada");
  await page.getByRole("option", { name: "reserva_creada", exact: true }).click();
  await page.getByLabel("usuario_id").fill("42");
  await page.getByLabel("tour_nombre").fill("Colca");
  const preview = page.getByTestId("preview");
  await expect(preview).toContainText("Reserva de Colca creada");
  const languages = page.getByRole("radiogroup", { name: "Idioma de la vista previa" });
  await languages.getByText("en", { exact: true }).click(); // the catalogue has it
  await expect(preview).toContainText("Booking of Colca created");

  await page.getByRole("button", { name: "En otros idiomas" }).click();
  const add = page.getByRole("combobox", { name: "Idioma", exact: true });
  await add.fill("no es");
  await add.press("Enter");
  await expect(page.getByText("Escribe la etiqueta de un idioma, como en o pt-BR.")).toBeVisible();
  await add.fill("en");
  await page.getByRole("option", { name: "inglés (en)" }).click();
  await add.fill("pt-br");
  await add.press("Enter");
  const english = page.getByRole("group", { name: "inglés", exact: true });
  await expect(english.getByLabel("Mensaje (en)")).toHaveAttribute("placeholder", "Booking of Colca created");
  await english.getByLabel("Mensaje (en)").fill("Your booking is in");
  await expect(preview).toContainText("Your booking is in");
  await languages.getByText("pt-BR", { exact: true }).click();
  await expect(preview).toContainText("Reserva de Colca creada");
  await expect(page.getByText("No hay textos para portugués (Brasil): se verá así, en español.")).toBeVisible();

  const portuguese = page.getByRole("group", { name: "portugués (Brasil)" });
  await portuguese.getByLabel("Título (pt-BR)").fill("x".repeat(201));
  const send = page.getByRole("button", { name: "Enviar notificación" });
  await send.click();
  await expect(portuguese.getByLabel("Título (pt-BR)")).toHaveAttribute("aria-invalid", "true");
  await expect(portuguese.getByLabel("Título (pt-BR)")).toBeFocused();
  await portuguese.getByLabel("Título (pt-BR)").fill("");
  await portuguese.getByLabel("Mensaje (pt-BR)").fill("Sua reserva");
  await expect(portuguese.getByLabel("Título (pt-BR)")).not.toHaveAttribute("aria-invalid", "true");
  for (const one of [
    { colorScheme: "light", width: 1280, height: 860 },
    { colorScheme: "dark", width: 390, height: 844 },
  ] as const) {
    await look(page, one);
    expect([one, await violationsOf(page)]).toEqual([one, []]);
  }
  await look(page, { colorScheme: "light", width: 320, height: 640 });
  expect(await overflowOf(page)).toBe(0);
  await send.click();
  await expect(page.getByTestId("outcome")).toContainText("Enviada");

  const { items } = (await server.call("/v1/notifications")) as { items: { id: string }[] };
  const texts = { en: { message: "Your booking is in" }, "pt-BR": { message: "Sua reserva" } };
  expect(items[0]).toMatchObject({ message: "Reserva de Colca creada", texts });
  await page.goto(`${server.url}/#/historial/${items[0]?.id ?? ""}`);
  await expect(page.locator(".fields")).toContainText("Your booking is in");
});
