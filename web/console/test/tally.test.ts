import { expect, test } from "vitest";
import { isPerfect, tally, type Placed } from "../src/sections/tryout/tally.ts";

function placed(...seqs: number[]): Placed[] {
  return seqs.map((seq) => ({ id: `n${seq}`, seq }));
}

const FIVE = placed(11, 12, 13, 14, 15);

test("what came once each and in order is perfect", () => {
  const found = tally(FIVE, FIVE, 15);

  expect(found).toEqual({ received: 5, lost: 0, repeated: 0, inOrder: true, pending: 0 });
  expect(isPerfect(found)).toBe(true);
});

test("what has not come is awaited, until the wire is known to be past its place", () => {
  expect(tally(FIVE, [], 0)).toMatchObject({ received: 0, lost: 0, pending: 5 });
  expect(tally(FIVE, placed(11, 12), 0)).toMatchObject({ received: 2, lost: 0, pending: 3 });
  expect(tally(FIVE, placed(11, 12), 15)).toMatchObject({ received: 2, lost: 3, pending: 0 });
});

test("one that a later one overtook is lost, whether or not a replay has ended", () => {
  const found = tally(FIVE, placed(11, 12, 14, 15), 0);

  expect(found).toMatchObject({ received: 4, lost: 1, pending: 0, inOrder: true });
  expect(isPerfect(found)).toBe(false);
});

test("a notification that nobody asks about tells how far the wire is, and is not counted", () => {
  expect(tally(FIVE, [...placed(11, 12), { id: "else", seq: 20 }], 0)).toMatchObject({ received: 2, lost: 3 });
});

test("each time one comes again is counted", () => {
  const found = tally(FIVE, [...FIVE, ...placed(12, 12, 15)], 15);

  expect(found).toMatchObject({ received: 5, repeated: 3, inOrder: true });
  expect(isPerfect(found)).toBe(false);
});

test("one that comes after its successor is out of order, and not lost", () => {
  const found = tally(FIVE, placed(11, 13, 12, 14, 15), 15);

  expect(found).toMatchObject({ received: 5, lost: 0, inOrder: false });
  expect(isPerfect(found)).toBe(false);
});

test("a repeat at a later place says nothing about the order", () => {
  expect(tally(FIVE, [...placed(11, 12, 11, 13, 14, 15)], 15)).toMatchObject({ repeated: 1, inOrder: true });
});
