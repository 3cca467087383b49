import { useEffect, useState } from "react";
import { useConnectionStatus } from "@sio-server/react";
import { surroundings } from "./surroundings.ts";

export type BookingState = "open" | "sending" | "offline" | "failed";

/** Books by way of the console, which stands for the agency's backend: a guest may publish nothing. */
export function useBooking(): { state: BookingState; book: () => void } {
  const { status } = useConnectionStatus();
  const [state, setState] = useState<BookingState>("open");
  const isConnected = status === "connected";

  useEffect(
    () =>
      surroundings().framed?.hear((said) => {
        if (said.say === "booked") setState(said.isAccepted ? "open" : "failed");
      }),
    [],
  );

  function book() {
    if (state === "sending") return;
    setState(isConnected ? "sending" : "offline");
    if (isConnected) surroundings().framed?.say({ say: "book" });
  }

  // What was said of the network is over with it.
  return { state: state === "offline" && isConnected ? "open" : state, book };
}
