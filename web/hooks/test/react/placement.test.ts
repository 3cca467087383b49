import { describe, expect, it } from "vitest";
import { place, type Rect } from "../../src/react/placement.ts";

const WIDE = { left: 0, top: 0, right: 1280, bottom: 800 };
const SIZE = { width: 432, height: 600 };

const button = (left: number, top: number): Rect => ({ left, top, right: left + 44, bottom: top + 44 });

/** Where it ends up, in whichever way it is held. */
function boxOf(at: ReturnType<typeof place>, height: number, view: Rect): Rect {
  const tall = Math.min(height, at.maxHeight);
  const top = at.top ?? view.bottom - (at.bottom ?? 0) - tall;
  return { left: at.left, top, right: at.left + at.width, bottom: top + tall };
}

describe("a panel", () => {
  it("hangs below its button, the ends in line", () => {
    expect(place(button(1200, 8), SIZE, WIDE, false)).toMatchObject({ left: 1244 - 432, top: 58, width: 432 });
  });

  it("has the beginnings in line where one writes from right to left", () => {
    expect(place(button(36, 8), SIZE, WIDE, true).left).toBe(36);
  });

  it("of a bell in a bar on the left opens into the window", () => {
    expect(place(button(10, 8), SIZE, WIDE, false).left).toBe(10);
  });

  it("of a bell at the foot stands above it", () => {
    const at = place(button(1200, 740), SIZE, WIDE, false);
    expect(at.top).toBeUndefined();
    expect(at.bottom).toBe(66);
  });

  it("is in the window wherever its button is, and however small the window", () => {
    for (const [width, height] of [
      [1280, 800],
      [844, 390],
      [600, 400],
      [480, 300],
      [320, 256],
    ] as const) {
      const view = { left: 0, top: 0, right: width, bottom: height };
      for (let left = -200; left < width + 200; left += 37) {
        for (let top = -300; top < height + 300; top += 41) {
          for (const isRtl of [false, true]) {
            const box = boxOf(place(button(left, top), SIZE, view, isRtl), SIZE.height, view);
            expect(box.left).toBeGreaterThanOrEqual(8);
            expect(box.top).toBeGreaterThanOrEqual(8);
            expect(box.right).toBeLessThanOrEqual(width - 8);
            expect(box.bottom).toBeLessThanOrEqual(height - 8);
            expect(box.bottom - box.top).toBeGreaterThan(150);
          }
        }
      }
    }
  });
});
