import { act } from "@testing-library/react";
import type { ReactNode } from "react";
import { describe, expect, it } from "vitest";
import { type InboxGroupsResult, useInboxGroups } from "../../src/index.ts";
import { connect as connectCore } from "../core/notifiers.ts";
import { newUser, serverOfFile } from "../server.ts";
import { connect, until } from "./tools.tsx";

const server = serverOfFile({
  catalog: [
    "[types.reserva_creada]",
    'title = "Nueva reserva"',
    "[types.reserva_creada.group]",
    'one = { es = "1 nueva reserva", en = "1 new booking" }',
    'other = { es = "{count} nuevas reservas", en = "{count} new bookings" }',
  ].join("\n"),
});

const headings = { one: /^1 (nueva reserva|new booking)$/, two: /^2 (nuevas reservas|new bookings)$/ };

/** Connects a user, and gives what the hook says of the groups now. */
async function watch(user: string): Promise<() => InboxGroupsResult> {
  let last: InboxGroupsResult | undefined;
  function Watch(): ReactNode {
    last = useInboxGroups();
    return null;
  }
  await connect({ url: server.url, identity: { user } }, <Watch />);
  return () => {
    if (!last) throw new Error("nothing was shown");
    return last;
  };
}

const publish = (user: string, group?: string) =>
  server.ask("/notify", { type: "reserva_creada", group, audience: { users: [user] } });

describe("an inbox by groups", () => {
  it("shows what comes under the catalogue's heading, and a mark of a group on every device", async () => {
    const user = newUser();
    const groups = await watch(user);
    const other = connectCore({ url: server.url, identity: { user } });
    await until(() => {
      expect(other.getState().connection.status).toBe("connected");
      expect(groups()).toMatchObject({ isLoading: false, error: undefined, items: [] });
    });
    for (const group of ["hoy", undefined, "hoy", "ayer"]) await publish(user, group);
    await until(() => {
      expect(groups().items).toMatchObject([
        { group: "ayer", heading: expect.stringMatching(headings.one) as string, count: 1, unread: 1 },
        { group: "hoy", heading: expect.stringMatching(headings.two) as string, count: 2, unread: 2 },
        { group: null, heading: null, count: 1, unread: 1 },
      ]);
    });
    await act(() => groups().markRead("hoy"));
    await until(() => {
      expect(groups().items.find(({ group }) => group === "hoy")).toMatchObject({ count: 2, unread: 0 });
      expect(other.getState().counts.unread).toBe(2);
    });
    await act(() => groups().archive("ayer"));
    await until(() => {
      expect(groups().items.map(({ group }) => group)).toEqual(["hoy", null]);
    });
  });
});
