import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { fromFrame, type ConsoleSays, type GuestSays, type Stand } from "../../guest/port.ts";
import { useTexts } from "../../i18n/tryout/index.ts";
import { GUEST_PAGES } from "../../shell/guestPage.ts";

interface GuestFrameProps {
  stand: Stand;
  onSay: (said: GuestSays, answer: (said: ConsoleSays) => void) => void;
  /** Whether its network is whole; a desk's always is. */
  isUp: boolean;
}

/** A guest's screen: a page of its own, with the kit and a socket of its own. */
export function GuestFrame({ stand, onSay, isUp }: GuestFrameProps) {
  const t = useTexts();
  const { i18n } = useTranslation();
  const scheme = useComputedColorScheme("light");
  const frame = useRef<HTMLIFrameElement>(null);
  const heard = useRef(onSay);
  const [port, setPort] = useState<MessagePort | null>(null);

  useEffect(() => {
    heard.current = onSay;
  }, [onSay]);

  useEffect(() => {
    if (frame.current === null) return;
    return fromFrame(frame.current, (next) => {
      next.onmessage = ({ data }: MessageEvent<GuestSays>) => {
        heard.current(data, (said) => {
          next.postMessage(said);
        });
      };
      setPort(next);
    });
  }, []);

  useEffect(() => {
    const look: ConsoleSays = { say: "look", language: i18n.language === "en" ? "en" : "es", scheme };
    port?.postMessage(look);
  }, [port, i18n.language, scheme]);

  useEffect(() => {
    const line: ConsoleSays = { say: "line", isUp };
    port?.postMessage(line);
  }, [port, isUp]);

  return (
    <iframe
      ref={frame}
      className="screen"
      src={`./#${GUEST_PAGES[stand]}`}
      title={t(`${stand}.frame`)}
      data-ready={port !== null || undefined}
    />
  );
}
