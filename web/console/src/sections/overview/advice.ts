import { useTranslation } from "react-i18next";
import type { ServerError } from "../../api/records.ts";
import type { es } from "../../i18n/es.ts";

type Code = keyof (typeof es)["advice"];

/** What whoever looks after the server can do about a refusal, by its code; by its status where the code is a new one. */
export function useAdvice({ code, status }: Pick<ServerError, "code" | "status">): string {
  const { t, i18n } = useTranslation();
  const known = i18n.exists(`advice.${code}`) ? (code as Code) : status >= 500 ? "internal" : "other";
  return t(`advice.${known}`);
}
