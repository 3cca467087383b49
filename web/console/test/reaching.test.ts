import { expect, test } from "vitest";
import type { AudiencePreview } from "../src/api/records.ts";
import { questionOf } from "../src/sections/send/reaching.ts";
import { bodyOf } from "../src/sections/simulator/burst.ts";

const nobody = { roles: [], users: [], topics: [], all: false, except: { users: [] } };

function preview(part: Partial<AudiencePreview>): AudiencePreview {
  return {
    audience: nobody,
    users: 0,
    first: [],
    online: { users: 0, sockets: 0 },
    missing: [],
    warnings: [],
    title: null,
    message: "",
    priority: "normal",
    ...part,
  };
}

const ana = { ...nobody, users: ["ana"] };

test.each<[string, Partial<AudiencePreview>, ReturnType<typeof questionOf>]>([
  ["one user", { audience: ana, users: 1, online: { users: 1, sockets: 1 } }, null],
  ["one user with three devices", { audience: ana, users: 1, online: { users: 1, sockets: 3 } }, null],
  ["two users", { audience: { ...nobody, users: ["ana", "luis"] }, users: 2 }, "many"],
  ["a role of nobody", { audience: { ...nobody, roles: ["guia"] } }, null],
  ["a role of one", { audience: { ...nobody, roles: ["guia"] }, users: 1, online: { users: 1, sockets: 1 } }, null],
  ["all, who have no names", { audience: { ...nobody, all: true }, online: { users: 0, sockets: 2 } }, "many"],
  ["a part of the audience", { audience: { ...nobody, roles: ["admin"] }, missing: ["usuario_id"] }, "partial"],
  ["a part that is many", { audience: { ...nobody, all: true }, users: 9, missing: ["tour_id"] }, "partial"],
  ["nobody, as a field is missing: the server refuses it", { missing: ["usuario_id"] }, null],
])("%s: %j", (_, part, question) => {
  expect(questionOf(preview(part))).toBe(question);
});

test("what a burst publishes is for the simulated clients alone, and kept only where that is asked for", () => {
  const wanted = { count: 2, rate: 1, message: "Ráfaga", users: ["a", "b"], isStored: false };

  expect(bodyOf(wanted, 1)).toEqual({
    type: "test",
    message: "Ráfaga",
    data: { numero: 1 },
    audience: { users: ["a", "b"] },
    persist: false,
  });
  expect(bodyOf({ ...wanted, isStored: true }, 2)).toMatchObject({ audience: { users: ["a", "b"] }, persist: true });
});
