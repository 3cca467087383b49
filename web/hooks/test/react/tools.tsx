import { render, type RenderResult, screen, waitFor } from "@testing-library/react";
import { type ReactNode, StrictMode } from "react";
import { expect } from "vitest";
import {
  NotificationProvider,
  type NotificationProviderProps,
  useConnectionStatus,
  useNotifications,
  useNotifier,
  useUnreadCount,
} from "../../src/index.ts";
import type { Notifier } from "../../src/index.ts";

/** Wait for a condition while React works. */
export async function until(check: () => void | Promise<void>): Promise<void> {
  await waitFor(check, { timeout: 120_000, interval: 20 });
}

export function Status(): ReactNode {
  return <output data-testid="status">{useConnectionStatus().status}</output>;
}

export function Unread(): ReactNode {
  return <output data-testid="unread">{useUnreadCount().unread}</output>;
}

export function Messages(): ReactNode {
  const { items } = useNotifications();
  return (
    <ul className="messages">
      {items.map((item) => (
        <li key={item.id}>{item.message}</li>
      ))}
    </ul>
  );
}

export const shown = (): (string | null)[] =>
  [...document.querySelectorAll(".messages li")].map((item) => item.textContent);
export const unread = (): string | null => screen.getByTestId("unread").textContent;

/** Renders `children` in a provider, in StrictMode, and waits for the connection. */
export async function connect(
  props: NotificationProviderProps,
  children: ReactNode,
): Promise<
  RenderResult & { notifier: () => Notifier; show: (next: ReactNode, other?: NotificationProviderProps) => void }
> {
  let found: Notifier | undefined;
  function Find(): null {
    found = useNotifier();
    return null;
  }
  const tree = (shown: ReactNode, given: NotificationProviderProps): ReactNode => (
    <StrictMode>
      <NotificationProvider tabs="own" {...given}>
        <Status />
        <Find />
        {shown}
      </NotificationProvider>
    </StrictMode>
  );
  const result = render(tree(children, props));
  await until(() => {
    expect(result.getByTestId("status").textContent).toBe("connected");
  });
  return {
    ...result,
    notifier: () => {
      if (!found) throw new Error("no notifier");
      return found;
    },
    show: (next, other = props) => {
      result.rerender(tree(next, other));
    },
  };
}
