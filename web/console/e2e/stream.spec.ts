import { expect, test } from "./fixtures.ts";

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
