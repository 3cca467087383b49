import type { ReactNode } from "react";

export const Logo = (): ReactNode => (
  <svg viewBox="0 0 32 32" width="30" height="30" aria-hidden="true">
    <rect width="32" height="32" rx="8" fill="#0d4a52" />
    <path d="M4 25 13 10l5 8 3-4 7 11z" fill="#f4c27a" />
  </svg>
);
