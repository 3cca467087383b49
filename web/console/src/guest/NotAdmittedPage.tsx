import { IconClockX, IconPlugX, IconQrcode, IconTicketOff } from "@tabler/icons-react";
import { useEffect, useRef, type ReactNode } from "react";
import { useTexts } from "../i18n/tryout/index.ts";
import type { Refusal } from "./admission.ts";
import { Brand } from "./Brand.tsx";

const ICONS = { used: IconTicketOff, missing: IconQrcode, busy: IconClockX, unreachable: IconPlugX } as const;

/** Says why there is nothing to be seen here, and what to do. */
export function NotAdmittedPage({ reason, onRetry }: { reason: Refusal; onRetry: () => void }): ReactNode {
  const t = useTexts();
  const heading = useRef<HTMLHeadingElement>(null);
  const Icon = ICONS[reason];
  useEffect(() => {
    heading.current?.focus();
  }, []);
  return (
    <div className="guest guest-refused">
      <header className="guest-bar">
        <Brand />
      </header>
      <main>
        <span className="guest-refused-icon">
          <Icon size={32} stroke={1.6} aria-hidden />
        </span>
        <h1 ref={heading} tabIndex={-1}>
          {t(`guest.refused.${reason}.title`)}
        </h1>
        <p>{t(`guest.refused.${reason}.text`)}</p>
        <p className="guest-todo">{t(`guest.refused.${reason}.todo`)}</p>
        {reason === "unreachable" ? (
          <button type="button" className="guest-button" onClick={onRetry}>
            {t("guest.retry")}
          </button>
        ) : null}
      </main>
    </div>
  );
}
