// The component of the project that this kit began with, in plain JavaScript and with react-toastify, as it was written.
import { render, screen } from "@testing-library/react";
import { toast, ToastContainer } from "react-toastify";
import { expect, it, vi } from "vitest";
import { NotificationProvider, useWebSocket } from "../../src/index.ts";
import { serverOfFile } from "../server.ts";
import { until } from "./tools.tsx";

const server = serverOfFile();

const Dashboard = () => {
    const handleNotification = (data) => {
        toast.info(`${data.message}`);
    };

    const { isConnected } = useWebSocket(handleNotification);

    return <div>Estado: {isConnected ? "🟢 Conectado" : "🔴 Desconectado"}</div>;
};

const App = () => (
    <>
        <Dashboard />
        <ToastContainer />
    </>
);

it("runs the component that was there before, unchanged", async () => {
    render(
        <NotificationProvider url={server.url} identity={{ role: "admin" }} tabs="own">
            <App />
        </NotificationProvider>,
    );
    expect(screen.getByText(/Desconectado/)).toBeTruthy();
    await until(() => {
        expect(screen.getByText(/🟢 Conectado/)).toBeTruthy();
    });
    await server.ask("/notify", { type: "test", message: "Hola mundo", data: {} });
    await until(() => {
        expect(screen.getByText("Hola mundo")).toBeTruthy();
    });
});

it("leaves the page as it is where the provider was forgotten", () => {
    const told = vi.spyOn(console, "error").mockImplementation(() => undefined);
    render(<App />);
    expect(screen.getByText(/Desconectado/)).toBeTruthy();
    expect(String(told.mock.calls[0]?.[0])).toContain("<NotificationProvider>");
    told.mockRestore();
});
