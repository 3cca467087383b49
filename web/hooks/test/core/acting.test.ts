// What a reader answers, against a real server: known on all devices, once, and across a kill of the server.
import { describe, expect, it } from "vitest";
import { newUser, serverOfFile } from "../server.ts";
import { connect, connected, until } from "./notifiers.ts";

const ACTIONS = [
  { id: "accept", label: "Aceptar" },
  { id: "decline", label: "Rechazar" },
];

describe("an answer", () => {
  const server = serverOfFile();

  it("is known on every device, is told to the backend, and is the only one", async () => {
    const user = newUser();
    const [phone, desk] = [0, 1].map(() => connect({ url: server.url, identity: { user } }));
    if (!phone || !desk) throw new Error("nobody");
    await Promise.all([connected(phone), connected(desk)]);
    const { id } = await server.publish(user, { actions: ACTIONS });
    const answerOf = (one: typeof phone) => one.getState().items.find((item) => item.id === id);
    await until(() => {
      expect([answerOf(phone)?.actions, answerOf(desk)?.actions]).toEqual([ACTIONS, ACTIONS]);
    });

    await phone.act(id, "accept");
    await until(() => {
      for (const one of [phone, desk])
        expect(answerOf(one)).toMatchObject({ read: true, seen: true, answered: { action: "accept" } });
      expect(desk.getState().counts).toEqual({ unread: 0, unseen: 0 });
    });
    await expect(desk.act(id, "decline")).rejects.toMatchObject({ code: "already_answered" });
    expect(answerOf(desk)).toMatchObject({ answered: { action: "accept" } });
    expect(await server.ask(`/v1/notifications/${id}`)).toMatchObject({ answers: { accept: 1 } });
  });

  it("that names no action is refused, and nothing is answered", async () => {
    const user = newUser();
    const notifier = connect({ url: server.url, identity: { user } });
    await connected(notifier);
    const { id } = await server.publish(user, { actions: ACTIONS });
    await until(() => {
      expect(notifier.getState().items).toHaveLength(1);
    });
    await expect(notifier.act(id, "perhaps")).rejects.toMatchObject({ name: "NotifierError" });
    await until(() => {
      expect(notifier.getState().items[0]?.answered).toBeUndefined();
      expect(notifier.getState().counts.unread).toBe(1);
    });
  });

  it("is there still after the server was killed, for who comes then", async () => {
    const user = newUser();
    const notifier = connect({ url: server.url, identity: { user } });
    await connected(notifier);
    const { id } = await server.publish(user, { actions: ACTIONS });
    await until(() => {
      expect(notifier.getState().items).toHaveLength(1);
    });
    await notifier.act(id, "decline");
    await server.stop("SIGKILL");
    await server.start();
    const later = connect({ url: server.url, identity: { user } });
    const list = later.list();
    list.subscribe(() => undefined);
    await until(() => {
      expect(list.getState().items[0]).toMatchObject({ id, answered: { action: "decline" } });
    });
  });
});
