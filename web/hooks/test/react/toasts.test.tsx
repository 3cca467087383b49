import { screen } from "@testing-library/react";
import { useState } from "react";
import { toast } from "sonner";
import { afterEach, describe, expect, it, vi } from "vitest";
import { NotificationToaster, useConnectionStatus } from "../../src/index.ts";
import { createBurst } from "../../src/react/burst.ts";
import { newUser, type Server, serverOfFile } from "../server.ts";
import { connect, Unread, unread, until } from "./tools.tsx";

const server = serverOfFile();
const toasts = (): string[] => [...document.querySelectorAll("[data-sonner-toast]")].map((one) => one.textContent);

afterEach(() => {
  toast.dismiss();
  vi.useRealTimers();
});

async function burst(to: Server, user: string, count: number, fields: object = {}): Promise<void> {
  const items = Array.from({ length: count }, (_, number) => ({
    type: "test",
    message: `aviso ${String(number)}`,
    audience: { users: [user] },
    ...fields,
  }));
  await to.ask("/v1/notifications/batch", { notifications: items });
}

describe("toasts that come in a burst", () => {
  it.each(["normal", "critical"])(
    "(%s) are as many as there is room for, and the number of the rest",
    async (priority) => {
      const user = newUser();
      let made = 0;
      const observer = new MutationObserver((changes) => {
        for (const { addedNodes } of changes)
          for (const node of addedNodes) if (node instanceof Element && node.matches("[data-sonner-toast]")) made++;
      });
      observer.observe(document.body, { childList: true, subtree: true });
      await connect(
        { url: server.url, identity: { user } },
        <>
          <Unread />
          <NotificationToaster max={2} />
        </>,
      );
      await until(() => {
        expect(document.querySelector("section[aria-live]")).not.toBeNull();
      });
      await burst(server, user, 500, { priority });
      await until(() => {
        expect(unread()).toBe("500");
        expect(toasts().some((text) => text.includes("498"))).toBe(true);
      });
      observer.disconnect();
      expect(toasts().length).toBeLessThanOrEqual(3);
      expect(made).toBeLessThanOrEqual(4);
    },
  );

  it("are told once where two toasters are mounted, and by the other when one goes", async () => {
    const user = newUser();
    let drop = (): void => undefined;
    function Two() {
      const [both, setBoth] = useState(true);
      drop = () => {
        setBoth(false);
      };
      return (
        <>
          {both && <NotificationToaster key="one" />}
          <NotificationToaster key="two" />
        </>
      );
    }
    await connect({ url: server.url, identity: { user } }, <Two />);
    await until(() => {
      expect(document.querySelectorAll("section[aria-live]")).toHaveLength(1);
    });
    await server.publish(user, { message: "una" });
    await until(() => {
      expect(toasts()).toEqual(["una"]);
    });
    drop();
    await until(() => {
      expect(document.querySelectorAll("section[aria-live]")).toHaveLength(1);
    });
    await server.publish(user, { message: "otra" });
    await until(() => {
      expect(toasts().filter((text) => text === "otra")).toHaveLength(1);
    });
  });

  it.each([NaN, Infinity, -1, 1e12])(
    "stand still for a toaster of at most %d, and of as many milliseconds",
    async (odd) => {
      const user = newUser();
      await connect({ url: server.url, identity: { user } }, <NotificationToaster max={odd} duration={odd} />);
      await until(() => {
        expect(document.querySelector("section[aria-live]")).not.toBeNull();
      });
      await burst(server, user, 60);
      await until(() => {
        expect(toasts().length).toBeGreaterThan(0);
      });
      expect(toasts().length).toBeLessThanOrEqual(21);
    },
  );
});

describe("a burst", () => {
  /** With room for two; what is up, and what is said of the rest. */
  function place() {
    const up = new Set<string>();
    const told: [number, boolean][] = [];
    const made = createBurst({
      most: () => 2,
      close: (id) => void up.delete(id),
      tellMore: (count, hasCritical) => void told.push([count, hasCritical]),
    });
    const add = (id: string, isCritical = false): void => {
      made.add({ id, of: `n-${id}`, isCritical, show: () => up.add(id) });
    };
    return { up, told, add, made };
  }

  it("has critical ones take the place of others, and not the other way round", () => {
    vi.useFakeTimers();
    const { up, told, add } = place();
    for (const id of ["a", "b", "c"]) add(id);
    for (const id of ["x", "y", "z"]) add(id, true);
    add("d");
    vi.runAllTimers();
    expect([...up]).toEqual(["x", "y"]);
    expect(told.at(-1)).toEqual([5, true]);
  });

  it("has the same one in its own place, and room again for what was closed", () => {
    vi.useFakeTimers();
    const { up, told, add, made } = place();
    for (const id of ["a", "a", "b", "a"]) add(id);
    vi.runAllTimers();
    expect([...up]).toEqual(["a", "b"]);
    expect(told).toEqual([]);
    up.delete("a");
    made.gone("a");
    add("c");
    vi.runAllTimers();
    expect([...up]).toEqual(["b", "c"]);
  });

  it("says the number while more and more come, without an end", () => {
    vi.useFakeTimers();
    const { up, told, add } = place();
    for (let number = 0; number < 500; number++) {
      add(String(number));
      add("the same");
      vi.advanceTimersByTime(10);
    }
    expect(up.size).toBe(2);
    expect(told.length).toBeGreaterThan(5);
    expect(told.length).toBeLessThan(60);
    vi.runAllTimers();
    expect(told.at(-1)?.[0]).toBeGreaterThan(490);
  });

  it("says a number anew after the last was read, and holds nothing of what it does not show", () => {
    vi.useFakeTimers();
    const { told, add, made } = place();
    for (let number = 0; number < 1_000; number++) add(String(number));
    vi.runAllTimers();
    expect(told.at(-1)).toEqual([998, false]);
    expect(told.length).toBeLessThan(5);
    made.told();
    add("later");
    vi.runAllTimers();
    expect(told.at(-1)).toEqual([1, false]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

function Why() {
  const { error, status } = useConnectionStatus();
  return (
    <p data-testid="why" data-code={error?.code} data-status={status}>
      {error?.text}
    </p>
  );
}

describe("why there is no connection", () => {
  it.each([
    ["es", "Has cerrado la sesión."],
    ["en", "You’re signed out."],
    ["fr", "You’re signed out."],
  ])("is said in the provider's language (%s)", async (locale, text) => {
    const { show } = await connect({ url: server.url, identity: { user: newUser() }, locale }, <Why />);
    expect(screen.getByTestId("why").textContent).toBe("");
    show(<Why />, { url: server.url, getToken: () => null, locale });
    await until(() => {
      expect(screen.getByTestId("why").dataset.code).toBe("signed_out");
    });
    expect(screen.getByTestId("why").textContent).toBe(text);
  });
});
