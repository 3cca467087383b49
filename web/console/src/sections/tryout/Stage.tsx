import { IconBatteryFilled, IconWifi, IconWifiOff } from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { ConsoleSays, GuestSays, Stand } from "../../guest/port.ts";
import { useTexts } from "../../i18n/tryout/index.ts";
import { GuestFrame } from "./GuestFrame.tsx";
import type { RunView } from "./run.ts";

interface StageProps {
  view: RunView;
  onSay: (stand: Stand) => (said: GuestSays, answer: (said: ConsoleSays) => void) => void;
}

/** The desk in a browser's window and the phone beside it. */
export function Stage({ view, onSay }: StageProps) {
  const t = useTexts();
  return (
    <div className="stage">
      <Screen stand="desk" view={view}>
        <div className="browser">
          <div className="browser-bar" aria-hidden>
            <i />
            <i />
            <i />
            <span className="browser-address">{t("desk.address")}</span>
          </div>
          <GuestFrame stand="desk" isUp onSay={onSay("desk")} />
        </div>
      </Screen>
      <Screen stand="phone" view={view}>
        <div className="phone" data-cut={!view.isUp || undefined}>
          <div className="phone-bar" aria-hidden>
            <span>9:41</span>
            <span className="phone-island" />
            <span className="phone-signs">
              {view.isUp ? <IconWifi size={15} stroke={2.2} /> : <IconWifiOff size={15} stroke={2.2} />}
              <IconBatteryFilled size={18} />
            </span>
          </div>
          <GuestFrame stand="phone" isUp={view.isUp} onSay={onSay("phone")} />
          <div className="phone-foot" aria-hidden />
        </div>
      </Screen>
    </div>
  );
}

function Screen({ stand, view, children }: { stand: Stand; view: RunView; children: ReactNode }) {
  const t = useTexts();
  const isCut = stand === "phone" && !view.isUp;
  const state = isCut ? "cut" : view.isConnected[stand] ? "connected" : "connecting";
  return (
    <figure className={`stand stand-${stand}`}>
      <figcaption className="stand-caption">
        <strong>{t(`${stand}.who`)}</strong>
        <span className="faint">{t(`${stand}.role`)}</span>
        <span className="stand-state" data-state={state} data-testid={`${stand}-state`}>
          {t(isCut ? "noNetwork" : state === "connected" ? "connected" : "connecting")}
        </span>
      </figcaption>
      {children}
    </figure>
  );
}
