import { language } from "../i18n/index.ts";
import { here } from "./here.ts";

/** The documents that this server shows, in the reader's language. */
export function helpAddress(): string {
  return `${here()}/help/${language() === "es" ? "es/" : ""}`;
}
