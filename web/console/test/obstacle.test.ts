import { describe, expect, test } from "vitest";
import { ApiError } from "../src/api/client.ts";
import { obstacleOf } from "../src/sections/change/obstacle.ts";

const refused = (code: string, status: number, by: string | null = null) =>
  new ApiError(code, status, "no", [], null, by);

describe("what stands in the way of a change", () => {
  test("is nothing while the notification is where it was", () => {
    expect(obstacleOf(null, {})).toBeNull();
    expect(obstacleOf(null, { status: "scheduled" })).toBeNull();
  });

  test("is another change, by whichever status the server says so", () => {
    for (const error of [refused("revision_mismatch", 409), refused("revision_mismatch", 412), refused("other", 412)])
      expect(obstacleOf(error, { status: "stored" })).toEqual({ kind: "meanwhile" });
  });

  test("is the one that took its place, heard of before or after one tried to save", () => {
    expect(obstacleOf(refused("replaced", 409, "b"), { status: "stored" })).toEqual({ kind: "replaced", by: "b" });
    expect(obstacleOf(null, { status: "replaced", replaced_by: "b" })).toEqual({ kind: "replaced", by: "b" });
    expect(obstacleOf(refused("replaced", 409), {})).toEqual({ kind: "replaced", by: null });
  });

  test("is that it was taken back, else the reason that the server gave", () => {
    expect(obstacleOf(refused("not_found", 404), { status: "retracted" })).toEqual({ kind: "retracted" });
    expect(obstacleOf(refused("invalid_data", 422), { status: "stored" })).toEqual({ kind: "failed" });
  });
});
