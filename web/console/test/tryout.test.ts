import { beforeEach, expect, test } from "vitest";
import type { EventType } from "../src/api/records.ts";
import type { Arrival } from "../src/guest/port.ts";
import { en } from "../src/i18n/tryout/en.ts";
import { es } from "../src/i18n/tryout/es.ts";
import { booking, fiveMore, inWords } from "../src/sections/tryout/bookings.ts";
import type { Cast } from "../src/sections/tryout/cast.ts";
import { DAY, sceneBody, whomOf } from "../src/sections/tryout/day.ts";
import { isLocal, lanCommand } from "../src/sections/tryout/lan.ts";
import { createRun, type Run } from "../src/sections/tryout/run.ts";
import { TOURS } from "../src/guest/tours.ts";

const CAST: Cast = { desk: "guest:00000000000000d1", phone: "guest:00000000000000a2" };
const NOBODY = { all: false, roles: [], users: [], topics: [], except: { users: [] } };

function arrival(seq: number, change: Partial<Arrival> = {}): Arrival {
  return { id: `n${seq}`, seq, type: "reserva_creada", replayed: false, ms: 3, ...change };
}

let run: Run;

beforeEach(() => {
  run = createRun();
});

function both(seq: number, change: Partial<Arrival> = {}) {
  run.arrived("desk", arrival(seq, change));
  run.arrived("phone", arrival(seq, change));
}

test("how long a booking took to the desk is told, whichever came first: the booking or the answer to its publish", () => {
  run.arrived("desk", arrival(1, { ms: 4 }));
  run.published({ id: "n1", seq: 1 }, false);
  expect(run.getSnapshot().ms).toBe(4);

  run.published({ id: "n2", seq: 2 }, false);
  run.arrived("desk", arrival(2, { ms: 7 }));
  expect(run.getSnapshot().ms).toBe(7);

  run.arrived("desk", arrival(3, { ms: 9 })); // no booking of this page
  expect(run.getSnapshot().ms).toBe(7);
});

test("what is booked in a cut is counted from then on, and judged when the replay is over", () => {
  both(1);
  run.published({ id: "n1", seq: 1 }, false);
  run.line(false);
  for (const seq of [2, 3, 4]) {
    run.published({ id: `n${seq}`, seq }, true);
    run.arrived("desk", arrival(seq));
  }
  expect(run.getSnapshot()).toMatchObject({ booked: 3, onDesk: 3, result: { received: 0, pending: 3, lost: 0 } });

  run.line(true);
  run.arrived("phone", arrival(2, { replayed: true, ms: null }));
  expect(run.getSnapshot()).toMatchObject({ isBack: false, result: { received: 1, pending: 2, lost: 0 } });

  run.arrived("phone", arrival(3, { replayed: true, ms: null }));
  run.arrived("phone", arrival(4, { replayed: true, ms: null }));
  run.synced();
  expect(run.getSnapshot()).toMatchObject({
    isBack: true,
    result: { received: 3, pending: 0, lost: 0, repeated: 0, inOrder: true },
  });
});

test("what a replay did not bring is lost once it is over, and what was booked after it is not", () => {
  run.line(false);
  run.published({ id: "n2", seq: 2 }, true);
  run.published({ id: "n3", seq: 3 }, true);
  run.line(true);
  run.published({ id: "n4", seq: 4 }, true);
  run.arrived("phone", arrival(2, { replayed: true, ms: null }));
  run.synced();

  expect(run.getSnapshot().result).toMatchObject({ received: 1, lost: 1, pending: 1 });
});

test("a replay of before the cut says nothing, and the next cut counts anew", () => {
  run.synced();
  expect(run.getSnapshot()).toMatchObject({ isBack: false, result: null });

  run.line(false);
  run.published({ id: "n2", seq: 2 }, true);
  run.line(true);
  run.synced();
  expect(run.getSnapshot().result).toMatchObject({ lost: 1 });

  run.line(false);
  expect(run.getSnapshot()).toMatchObject({ booked: 0, result: null, isBack: false });
});

test("five at once without a cut are counted by themselves", () => {
  run.begin();
  run.published({ id: "n1", seq: 1 }, true);
  both(1);
  expect(run.getSnapshot().result).toMatchObject({ received: 1, lost: 0 });
  run.begin();
  expect(run.getSnapshot().result).toBeNull();
});

test("in a cut, five more join those that were booked before", () => {
  run.line(false);
  run.begin();
  run.published({ id: "n1", seq: 1 }, true);
  run.begin();
  run.published({ id: "n2", seq: 2 }, true);

  expect(run.getSnapshot().booked).toBe(2);
});

test("whatever is booked is for the two guests alone, and is gone within the hour", () => {
  for (const body of [booking(CAST, TOURS[0]), ...fiveMore(CAST)]) {
    expect(body.audience).toEqual({ users: [CAST.desk, CAST.phone] });
    expect(body.ttl).toBeLessThanOrEqual(3_600);
    expect(body.type).toBe("reserva_creada");
  }
  const bodies = fiveMore(CAST).map(({ data }) => data?.reserva_id);
  expect(new Set(bodies).size).toBe(5);
});

test("each scene of the day is for nobody but the guests, whatever a catalogue says", () => {
  const types = DAY.map(({ type }) => ({
    type,
    audience: { ...NOBODY, all: true, roles: ["admin", "turista"], users: ["real", "{usuario_id}"], topics: ["x"] },
  })) as unknown as EventType[];
  for (const scene of DAY) {
    for (const known of [types, []]) {
      const body = sceneBody(scene, "AN-0001", CAST, known);
      expect(body?.audience).toEqual({ users: [CAST.desk, CAST.phone] });
      expect(body?.ttl).toBeLessThanOrEqual(3_600);
    }
  }
});

test("of the two, those get it whom the catalogue means", () => {
  const kind = (audience: object) => ({ audience: { ...NOBODY, ...audience } });

  expect(whomOf(kind({ roles: ["admin"] }), {}, CAST)).toEqual([CAST.desk]);
  expect(whomOf(kind({ roles: ["turista"] }), {}, CAST)).toEqual([CAST.phone]);
  expect(whomOf(kind({ users: ["{usuario_id}"] }), { usuario_id: CAST.phone }, CAST)).toEqual([CAST.phone]);
  expect(whomOf(kind({ users: ["{usuario_id}"] }), {}, CAST)).toEqual([]);
  expect(whomOf(kind({ roles: ["guia"] }), {}, CAST)).toEqual([]);
});

test("texts are the catalogue's in the language of who looks on, with their blanks filled", () => {
  const kind = {
    type: "reserva_creada",
    title: { es: "Nueva reserva", en: "New booking" },
    message: { es: "Reserva de {tour_nombre} para {personas}{otra}", en: "Booking of {tour_nombre}" },
  } as unknown as EventType;
  const body = booking(CAST, TOURS[0]);

  expect(inWords(body, [kind], "es")).toMatchObject({
    title: "Nueva reserva",
    message: "Reserva de Cañón del Colca para 2{otra}",
  });
  expect(inWords(body, [kind], "en")).toMatchObject({ message: "Booking of Cañón del Colca" });
  expect(inWords(body, [], "en")).toBe(body);
});

test.each(["localhost", "127.0.0.1", "127.1.2.3", "[::1]", "sio.localhost"])("%s is this machine alone", (name) => {
  expect(isLocal(name)).toBe(true);
});

test.each(["192.168.1.20", "avisos.example.com", "[fd00::1]", "localhost.example.com", "128.0.0.1"])(
  "%s is somewhere that others can reach",
  (name) => {
    expect(isLocal(name)).toBe(false);
  },
);

test("the command names the port where it is not the usual one", () => {
  expect(lanCommand("9000")).toContain("--host 0.0.0.0 --port 9000");
  expect(lanCommand("8080")).not.toContain("--port");
});

function leaves(texts: object, path = ""): [string, string][] {
  return Object.entries(texts).flatMap(([name, value]: [string, unknown]) =>
    typeof value === "string" ? [[path + name, value]] : leaves(value as object, `${path}${name}.`),
  );
}

test("both languages have the same texts with the same blanks to fill", () => {
  const blanks = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1]).sort();
  const english = new Map(leaves(en));
  const spanish = leaves(es);

  expect([...english.keys()]).toEqual(spanish.map(([name]) => name));
  for (const [name, text] of spanish) expect([name, blanks(english.get(name) ?? "")]).toEqual([name, blanks(text)]);
});
