// Of the browser what happy-dom does not have is put in its place here: the system's notifications and permissions.
import { act, screen } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type DesktopNotificationsOptions, useDesktopNotifications, useTabCount } from "../../src/index.ts";
import { newUser, serverOfFile } from "../server.ts";
import { connect, until } from "./tools.tsx";

const server = serverOfFile();

interface Shown {
  title: string;
  options: NotificationOptions;
  onclick?: () => void;
}

let shown: Shown[];
let answer: NotificationPermission;
let asked: number;

class SystemNotification {
  static permission: NotificationPermission = "default";
  static requestPermission(): Promise<NotificationPermission> {
    asked++;
    SystemNotification.permission = answer;
    return Promise.resolve(answer);
  }
  onclick: (() => void) | undefined;
  constructor(title: string, options: NotificationOptions) {
    const made: Shown = { title, options };
    Object.defineProperty(made, "onclick", { get: () => this.onclick });
    shown.push(made);
  }
  close(): void {
    shown.length = 0;
  }
}

let visibility: DocumentVisibilityState;

beforeEach(() => {
  [shown, answer, asked, visibility] = [[], "granted", 0, "visible"];
  SystemNotification.permission = "default";
  vi.stubGlobal("Notification", SystemNotification);
  vi.spyOn(document, "visibilityState", "get").mockImplementation(() => visibility);
  document.title = "Tours";
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

function Desktop(options: DesktopNotificationsOptions): ReactNode {
  const { permission, canAsk, request } = useDesktopNotifications(options);
  return (
    <>
      <output data-testid="permission">{permission}</output>
      {canAsk && <button onClick={() => void request()}>Ask</button>}
    </>
  );
}

const permission = (): string | null => screen.getByTestId("permission").textContent;

async function click(): Promise<void> {
  await act(async () => {
    screen.getByRole("button", { name: "Ask" }).click();
    await Promise.resolve();
  });
}

describe("notifications of the desktop", () => {
  it("are asked for by a click and not before, and shown while nobody looks", async () => {
    const user = newUser();
    const followed: string[] = [];
    const { notifier } = await connect(
      { url: server.url, identity: { user }, pauseWhenHidden: false, onNavigate: (link) => void followed.push(link) },
      <Desktop />,
    );
    await server.publish(user, { message: "before", priority: "normal" });
    expect([asked, permission()]).toEqual([0, "default"]);
    await click();
    await until(() => {
      expect([asked, permission()]).toEqual([1, "granted"]);
    });
    expect(screen.queryByRole("button")).toBeNull();

    await server.publish(user, { message: "seen", priority: "normal" }); // by whoever looks at the page
    vi.spyOn(document, "hasFocus").mockReturnValue(false);
    visibility = "hidden";
    await server.publish(user, { title: "Reserva", message: "De Ana", link: "/r/7", priority: "critical" });
    await server.publish(user, { message: "quiet", priority: "low" });
    await server.publish(user, { message: "last", priority: "normal" });
    await until(() => {
      expect(shown.map(({ title }) => title)).toContain("last");
    });
    expect(shown.map(({ title }) => title)).not.toContain("quiet");
    const [booking] = shown.filter(({ title }) => title === "Reserva");
    expect(booking?.options).toMatchObject({ body: "De Ana", requireInteraction: true, lang: "es", dir: "auto" });
    act(() => booking?.onclick?.());
    await until(() => {
      expect(followed).toEqual(["/r/7"]);
      expect(
        notifier()
          .getState()
          .items.find(({ title }) => title === "Reserva")?.read,
      ).toBe(true);
    });
  });

  it("that were refused are neither shown nor asked for again", async () => {
    answer = "denied";
    const user = newUser();
    await connect({ url: server.url, identity: { user } }, <Desktop whileVisible />);
    await click();
    await until(() => {
      expect(permission()).toBe("denied");
    });
    expect(screen.queryByRole("button")).toBeNull();
    await server.publish(user, { priority: "normal" });
    await until(() => {
      expect(document.title).toBe("(1) Tours");
    });
    expect(shown).toEqual([]);
  });

  it.each([
    ["are missing", undefined],
    [
      "throw at everything",
      new Proxy(Object, {
        get: () => {
          throw new DOMException("", "SecurityError");
        },
        construct: () => {
          throw new TypeError("Illegal constructor");
        },
      }),
    ],
  ])("take nothing along where they %s", async (_, api) => {
    vi.stubGlobal("Notification", api);
    const user = newUser();
    await connect({ url: server.url, identity: { user } }, <Desktop whileVisible />);
    expect(permission()).toBe("unsupported");
    await server.publish(user, { priority: "normal" });
    await until(() => {
      expect(document.title).toBe("(1) Tours");
    });
  });

  it("play a sound, once for a burst, and survive one that fails", async () => {
    const user = newUser();
    const sound = vi.fn(() => {
      throw new Error("no sound");
    });
    const { notifier } = await connect({ url: server.url, identity: { user } }, <Desktop sound={sound} />);
    await Promise.all([1, 2, 3].map(() => server.publish(user, { priority: "normal" })));
    await until(() => {
      expect(notifier().getState().counts.unread).toBe(3);
    });
    expect(sound).toHaveBeenCalledOnce();
  });
});

describe("the title of the page", () => {
  it("has the number before it, also when the application changes it, and is plain again at the end", async () => {
    const user = newUser();
    function Count(): null {
      useTabCount({ max: 2 });
      return null;
    }
    const { show, notifier } = await connect({ url: server.url, identity: { user } }, <Count />);
    for (const expected of ["(1) Tours", "(2) Tours", "(2+) Tours"]) {
      await server.publish(user);
      await until(() => {
        expect(document.title).toBe(expected);
      });
    }
    document.title = "Mis reservas";
    await until(() => {
      expect(document.title).toBe("(2+) Mis reservas");
    });
    await act(() => notifier().mark("read", "all"));
    await until(() => {
      expect(document.title).toBe("Mis reservas");
    });
    await server.publish(user);
    await until(() => {
      expect(document.title).toBe("(1) Mis reservas");
    });
    show(null);
    expect(document.title).toBe("Mis reservas");
  });
});
