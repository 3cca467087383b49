import { readFile } from "node:fs/promises";
import { expect, test } from "./fixtures.ts";
import { token } from "./server.ts";

/** What the page keeps of its stream. */
interface Heard {
  events: [name: string, seq: number, id: string][];
  states: number[];
}

declare global {
  interface Window {
    heard: Heard;
  }
}

test("a browser's EventSource gets each event once by its name, comes again after a kill, and misses nothing", async ({
  page,
  server,
}) => {
  await page.goto(`${server.url}/docs`);
  await page.evaluate(() => {
    const heard: Heard = { events: [], states: [] };
    window.heard = heard;
    const source = new EventSource("./v1/stream?user=42&role=turista");
    for (const name of ["test", "tour_creado", "ns:hello", "ns:sync"]) {
      source.addEventListener(name, ({ data, lastEventId }: MessageEvent<string>) => {
        const { seq = 0 } = JSON.parse(data) as { seq?: number };
        heard.events.push([name, seq, lastEventId]);
      });
    }
    source.onerror = () => heard.states.push(source.readyState);
  });
  const named = (name: string) =>
    page.evaluate((wanted) => window.heard.events.filter(([event]) => event === wanted).map(([, seq]) => seq), name);
  await expect.poll(() => named("ns:hello")).toHaveLength(1);
  await server.notify({ type: "test", message: "uno" });
  await server.notify({ type: "tour_creado", message: "dos", audience: { roles: ["turista"] } });
  await expect.poll(() => named("tour_creado")).toEqual([2]);

  await server.kill();
  await expect.poll(() => page.evaluate(() => window.heard.states.length)).toBeGreaterThan(0);
  await server.again();
  await server.notify({ type: "test", message: "tres" });
  await expect.poll(() => named("ns:sync")).toHaveLength(1);
  await server.notify({ type: "test", message: "cuatro" });
  await expect.poll(() => named("test")).toEqual([1, 3, 4]);
  expect(await named("tour_creado")).toEqual([2]);
  // each time it was connecting again, and never closed for good
  expect(await page.evaluate(() => window.heard.states.every((state) => state === EventSource.CONNECTING))).toBe(true);
});

test("the program of docs/sse.md shows a booking, and says when the token is over", async ({ page, secured }) => {
  const written = await readFile(new URL("../../../docs/sse.md", import.meta.url), "utf8");
  const program = /```js\n(.*?)```/s.exec(written)?.[1]?.replace("http://localhost:8080", secured.url) ?? "";
  const said: string[] = [];
  page.on("dialog", (dialog) => {
    said.push(dialog.message());
    void dialog.accept();
  });
  await page.goto(`${secured.url}/docs`);
  await page.evaluate(`globalThis.token = ${JSON.stringify(token("123", "turista"))};${program}`);
  const reached = async () => {
    const { recipients } = (await secured.call("/notify", {
      type: "reserva_creada",
      message: "Reserva de Lima creada",
      data: { usuario_id: 123, tour_nombre: "Lima" },
    })) as { recipients: { sockets: number } };
    return recipients.sockets;
  };
  await expect.poll(reached).toBe(1);
  await expect.poll(() => said[0]).toBe("Reserva de Lima creada");
  said.length = 0;
  await page.evaluate(`{ const token = "x";${program} }`);
  await expect.poll(() => said).toContain("sign in again");
});
