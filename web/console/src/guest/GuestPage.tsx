import { NotificationProvider } from "@sio-server/react";
import "@sio-server/react/styles.css";
import { useMantineColorScheme } from "@mantine/core";
import { useEffect, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { chooseLanguage } from "../i18n/index.ts";
import { useTexts } from "../i18n/tryout/index.ts";
import { here } from "../shell/here.ts";
import { nameTab } from "../shell/title.ts";
import { Desk } from "./Desk.tsx";
import "./guest.css";
import { NotAdmittedPage } from "./NotAdmittedPage.tsx";
import { Phone } from "./Phone.tsx";
import type { Stand } from "./port.ts";
import { surroundings } from "./surroundings.ts";
import { useAdmission } from "./useAdmission.ts";

/** A guest's screen: who has a pass is in, without signing in. The kit does the rest, as in any application. */
export default function GuestPage({ stand }: { stand: Stand }): ReactNode {
  const t = useTexts();
  const { i18n } = useTranslation();
  const entry = useAdmission();
  useLook();
  useEffect(() => {
    nameTab(t(`${stand}.frame`));
  }, [t, stand]);

  if (entry.state === "refused") return <NotAdmittedPage reason={entry.reason} onRetry={entry.retry} />;
  if (entry.state === "waiting") {
    return (
      <div className="guest guest-wait" role="status">
        <span className="guest-brand-mark" aria-hidden />
        {t("guest.waiting")}
      </div>
    );
  }
  return (
    <NotificationProvider
      url={here()}
      user={entry.user}
      getToken={entry.getToken}
      locale={i18n.language}
      labels={{ toasts: t(`${stand}.toasts`) }} // two pages on one screen, told apart
      tabs="own"
      pauseWhenHidden={false}
      onNavigate={() => undefined}
    >
      {stand === "phone" ? <Phone /> : <Desk />}
    </NotificationProvider>
  );
}

/** In a frame, language and theme are those of the console around it. */
function useLook(): void {
  const { setColorScheme } = useMantineColorScheme();
  useEffect(
    () =>
      surroundings().framed?.hear((said) => {
        if (said.say !== "look") return;
        void chooseLanguage(said.language);
        setColorScheme(said.scheme);
      }),
    [setColorScheme],
  );
}
