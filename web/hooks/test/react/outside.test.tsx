// What components and hooks do where no provider is around them.
import { fireEvent, render, screen } from "@testing-library/react";
import { renderToString } from "react-dom/server";
import { describe, expect, it, vi } from "vitest";
import { ConnectionBanner, NotificationBell, NotificationInbox, NotificationToaster } from "../../src/index.ts";
import { Status, Unread, unread } from "./tools.tsx";

describe("without a provider", () => {
  it("the page goes on, and its developer is told once what is missing", () => {
    const told = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const page = (
      <>
        <p>The rest of the page</p>
        <Unread />
        <Status />
        <NotificationBell />
        <NotificationInbox />
        <ConnectionBanner />
        <NotificationToaster />
      </>
    );
    expect(renderToString(page)).toContain("The rest of the page");
    render(page);
    expect(screen.getByText("The rest of the page")).toBeTruthy();
    expect([unread(), screen.getByTestId("status").textContent]).toEqual(["0", "idle"]);
    expect(screen.getByText("No tienes notificaciones")).toBeTruthy(); // and not "loading" for ever
    fireEvent.click(screen.getByRole("button", { name: "Notificaciones" }));
    expect(screen.getByRole("dialog")).toBeTruthy();
    expect(told.mock.calls.map(([text]) => String(text))).toEqual([expect.stringContaining("<NotificationProvider>")]);
    told.mockRestore();
  });
});
