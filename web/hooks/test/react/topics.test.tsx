import { act } from "@testing-library/react";
import type { ReactNode } from "react";
import { describe, expect, it } from "vitest";
import { useTopic, type TopicResult } from "../../src/index.ts";
import { newUser, serverOfFile } from "../server.ts";
import { connect as connectCore } from "../core/notifiers.ts";
import { connect, Messages, shown, until } from "./tools.tsx";

const server = serverOfFile({
  catalog: '[topics."tour:*"]\nfollow = "anyone"\n\n[topics.grupo]\nfollow = "backend"\n',
});

/** Connects a user, and gives what the hook says of a topic now. */
async function watch(user: string, topic: string): Promise<() => TopicResult> {
  let last: TopicResult | undefined;
  function Watch(): ReactNode {
    last = useTopic(topic);
    return <Messages />;
  }
  await connect({ url: server.url, identity: { user } }, <Watch />);
  return () => {
    if (!last) throw new Error("nothing was shown");
    return last;
  };
}

describe("a topic", () => {
  it("is followed on all devices, brings what is published to it from then on, and ends on all of them", async () => {
    const user = newUser();
    const topic = await watch(user, "tour:7");
    const other = connectCore({ url: server.url, identity: { user } });
    await until(() => {
      expect(topic()).toMatchObject({ following: false, allowed: true, pending: false, error: undefined });
      expect(other.getState().connection.status).toBe("connected");
    });
    await act(() => topic().follow());
    expect(topic()).toMatchObject({ following: true, pending: false, error: undefined });
    await until(() => {
      expect(other.getState().topics).toEqual(["tour:7"]);
    });
    await server.ask("/notify", { type: "test", message: "Sale a las 7:15", audience: { topics: ["tour:7"] } });
    await until(() => {
      expect(shown()).toEqual(["Sale a las 7:15"]);
      expect(other.getState().items).toHaveLength(1);
    });
    await act(() => other.call("DELETE", "/v1/topics/tour:7"));
    await until(() => {
      expect(topic().following).toBe(false);
    });
  });

  it("that only the backend may have somebody follow is shown as followed, and a refusal is taken back", async () => {
    const user = newUser();
    const topic = await watch(user, "grupo");
    await until(() => {
      expect(topic()).toMatchObject({ following: false, allowed: false });
    });
    await act(() => topic().follow());
    expect(topic()).toMatchObject({ following: false, pending: false, error: { code: "forbidden" } });
    await fetch(`${server.url}/v1/users/${user}/topics/grupo`, { method: "PUT" });
    await until(() => {
      expect(topic()).toMatchObject({ following: true, allowed: false });
    });
  });
});
