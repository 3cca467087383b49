import type { ReactNode } from "react";
import { useTexts } from "../i18n/tryout/index.ts";

/** The agency's name and sign. */
export function Brand({ place }: { place?: string }): ReactNode {
  const t = useTexts();
  return (
    <div className="guest-brand">
      <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
        <rect width="32" height="32" rx="9" fill="#0d4a52" />
        <path d="M4 24.5 13 10l5 8 3-4 7 10.5z" fill="#f4c27a" />
        <circle cx="23" cy="9" r="2.6" fill="#ffe9c4" />
      </svg>
      <span>{t("guest.agency")}</span>
      {place === undefined ? null : <span className="guest-place">{place}</span>}
    </div>
  );
}
