import { expect, test } from "vitest";
import type { Stats } from "../src/api/records.ts";
import { meanOf, type RatePoint } from "../src/live/sampler.ts";
import { healthOf, type Facts } from "../src/sections/overview/health.ts";

const STATS: Stats = {
  connections: { total: 1, by_role: {}, by_transport: {} },
  users: { total: 0, by_role: {} },
  publishes: { accepted: 475, duplicates: 0 },
  deliveries: 900,
  head: { seq: 475, cursor: "e-475" },
  uptime: 60,
  draining: false,
  refused: 0,
  queued_bytes: 0,
  latency_ms: { p50: 3, p95: 8, p99: 9, count: 10 },
  version: "0",
  node: "n",
  nodes: 1,
};

function point(at: number, change: Partial<RatePoint> = {}): RatePoint {
  return { at, connections: 1, users: 0, in: 0, out: 0, refused: 0, p50: null, p95: null, ...change };
}

const MINUTE = Array.from({ length: 61 }, (_, second) => point(1_000 + second));

function facts(change: Partial<Facts> = {}): Facts {
  return { stats: STATS, points: MINUTE, answers: true, link: "connected", ...change };
}

test("nothing is wrong", () => {
  expect(healthOf(facts())).toEqual({ state: "fine" });
  expect(healthOf(facts({ points: [] }))).toEqual({ state: "fine" });
  expect(healthOf(facts({ stats: { ...STATS, latency_ms: null } }))).toEqual({ state: "fine" });
});

test.each<[Partial<Facts>, object]>([
  [{ answers: false }, { state: "silent" }],
  [{ link: "reconnecting" }, { state: "cut" }],
  [{ link: "refused" }, { state: "cut" }],
  [{ stats: { ...STATS, draining: true } }, { state: "draining" }],
  [{ stats: { ...STATS, queued_bytes: 3_000_000 } }, { state: "queue", bytes: 3_000_000 }],
  [
    { stats: { ...STATS, latency_ms: { p50: 400, p95: 900, p99: 950, count: 3 } } },
    { state: "slow", p50: 400, p95: 900 },
  ],
])("what is wrong is told: %j", (change, health) => {
  expect(healthOf(facts(change))).toEqual(health);
});

test("refusals of the last minute are counted, older ones are not", () => {
  const lately = MINUTE.map((one, second) => (second === 30 || second === 31 ? { ...one, refused: 2 } : one));
  expect(healthOf(facts({ points: lately }))).toEqual({ state: "refusing", count: 4 });

  const before = [point(900, { refused: 50 }), ...MINUTE];
  expect(healthOf(facts({ points: before }))).toEqual({ state: "fine" });
});

test("the gravest is told first", () => {
  const stats = { ...STATS, queued_bytes: 3_000_000, draining: true };
  expect(healthOf(facts({ stats, link: "reconnecting" }))).toEqual({ state: "draining" });
  expect(healthOf(facts({ stats, answers: false }))).toEqual({ state: "silent" });
});

test("a mean is of the last seconds, and leaves out those of which nothing is known", () => {
  const points = [point(0, { in: 100 }), point(11, { in: 4 }), point(12, { in: null }), point(13, { in: 8 })];
  expect(meanOf(points, "in", 10)).toBe(6);
  expect(meanOf([], "in", 10)).toBeNull();
  expect(meanOf([point(1, { in: null })], "in", 10)).toBeNull();
});
