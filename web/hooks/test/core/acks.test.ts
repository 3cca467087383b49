import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createAcks } from "../../src/core/acks.ts";

describe("acknowledgements", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("go out together, the highest alone and once", () => {
    const sent: number[] = [];
    const acks = createAcks((seq) => sent.push(seq) > 0);
    for (const seq of [4, 7, 5]) acks.take(seq);
    expect(sent).toEqual([]);
    vi.runAllTimers();
    acks.flush();
    expect(sent).toEqual([7]);
    acks.take(8);
    acks.flush();
    expect(sent).toEqual([7, 8]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("are owed until they could be sent, and begin anew with each connection", () => {
    const sent: number[] = [];
    let connected = false;
    const acks = createAcks((seq) => connected && sent.push(seq) > 0);
    acks.take(3);
    acks.flush();
    connected = true;
    acks.flush();
    expect(sent).toEqual([3]);
    acks.begin();
    acks.take(2);
    acks.flush();
    expect(sent).toEqual([3, 2]);
  });
});
