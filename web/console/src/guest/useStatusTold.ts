import { useConnectionStatus } from "@sio-server/react";
import { useEffect } from "react";
import { surroundings } from "./surroundings.ts";

/** Tells the console around the page how the kit's connection stands. */
export function useStatusTold(): void {
  const isConnected = useConnectionStatus().status === "connected";
  useEffect(() => {
    surroundings().framed?.say({ say: "status", isConnected });
  }, [isConnected]);
}
