// The component of the project that this kit began with, as it was written, and plain JavaScript's idea of the payload.
import { render, screen } from "@testing-library/react";
import type { ReactNode } from "react";
import { expect, it } from "vitest";
import { NotificationProvider, useWebSocket } from "../../src/index.ts";
import { serverOfFile } from "../server.ts";
import { until } from "./tools.tsx";

const server = serverOfFile();

const told: string[] = [];
const toast = { info: (text: string) => told.push(text) };

const Dashboard = (): ReactNode => {
  const handleNotification = (data: { type: string; message: string; data: object }): void => {
    toast.info(data.message);
  };

  const { isConnected } = useWebSocket(handleNotification);

  return <div>Estado: {isConnected ? "🟢 Conectado" : "🔴 Desconectado"}</div>;
};

it("runs the component that was there before, unchanged", async () => {
  render(
    <NotificationProvider url={server.url} identity={{ role: "admin" }} tabs="own">
      <Dashboard />
    </NotificationProvider>,
  );
  expect(screen.getByText(/Desconectado/)).toBeTruthy();
  await until(() => {
    expect(screen.getByText(/🟢 Conectado/)).toBeTruthy();
  });
  await server.ask("/notify", { type: "test", message: "Hola mundo", data: {} });
  await until(() => {
    expect(told).toEqual(["Hola mundo"]);
  });
});
