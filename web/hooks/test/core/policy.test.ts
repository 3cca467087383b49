import { describe, expect, it } from "vitest";
import { createPolicy } from "../../src/core/policy.ts";
import type { Refusal } from "../../src/core/wire.ts";

const refusal = (data?: Refusal["data"]): Refusal => Object.assign(new Error("websocket error"), data && { data });

/** One whose clock stands at 50,000 and whose pauses are a second for each failure. */
const policyOf = () => createPolicy({ now: () => 50_000, pause: (failures) => 1_000 * failures });

describe("the policy of a connection", () => {
  it("waits longer after each failure, and counts anew once there was a connection", () => {
    const policy = policyOf();
    expect(policy.attempt()).toBe("connecting");
    expect(policy.failed("no network")).toEqual({ then: "wait", delay: 0, attempts: 1, lastError: "network" });
    expect(policy.attempt()).toBe("reconnecting");
    expect(policy.left("transport close")).toMatchObject({ delay: 1_000, attempts: 2, lastError: "network" });
    policy.settle();
    expect(policy.attempt()).toBe("connecting");
    expect(policy.left("transport close")).toMatchObject({ delay: 0, attempts: 1 });
  });

  it("stops at a refusal, and waits where the server says that a later attempt is of use", () => {
    const policy = policyOf();
    expect(policy.refused(refusal({ code: "forbidden" }))).toEqual({ then: "stop", lastError: "forbidden" });
    const busy = { code: "rate_limited", retryable: true };
    expect(policy.refused(refusal(busy))).toMatchObject({ then: "wait", lastError: "rate_limited" });
    expect(policy.refused(refusal())).toMatchObject({ then: "wait", lastError: "network" });
  });

  it("has a token that ran out renewed once, and once more after each connection", () => {
    const policy = policyOf();
    const expired = refusal({ code: "token_expired" });
    expect(policy.reason()).toBe("connect");
    expect(policy.refused(expired)).toEqual({ then: "connect" });
    expect(policy.attempt()).toBe("reconnecting");
    expect([policy.reason(), policy.reason()]).toEqual(["rejected", "rejected"]);
    policy.answered();
    expect(policy.reason()).toBe("connect");
    expect(policy.refused(expired)).toEqual({ then: "stop", lastError: "token_expired" });
    policy.settle();
    expect(policy.refused(expired)).toEqual({ then: "connect" });
  });

  it("does as the server says when it closes, and forgets that with the next attempt", () => {
    const policy = policyOf();
    policy.closing({ code: "slow", reconnect: true });
    expect(policy.left("transport close")).toMatchObject({ then: "wait", lastError: "slow" });
    policy.closing({ code: "token_revoked", reconnect: false });
    expect(policy.left("transport close")).toEqual({ then: "stop", lastError: "token_revoked" });
    policy.attempt();
    expect(policy.left("transport close")).toMatchObject({ then: "wait", lastError: "network" });
  });

  it("comes back after a drain when it was told to, or without the server's end a moment later", () => {
    const policy = policyOf();
    expect(policy.draining(3_000)).toBe(3_500);
    policy.closing({ code: "draining", reconnect: true });
    expect(policy.left("transport close")).toEqual({ then: "wait", delay: 3_000, attempts: 1, lastError: "draining" });
    policy.attempt();
    expect(policy.left("transport close")).toMatchObject({ delay: 1_000 });
  });
});
