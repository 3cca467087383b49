import type { TFunction } from "i18next";
import { visibleText } from "./visibleText.ts";

/** Who published a notification, in words: the server says `key:NAME`, `key-…`, `admin:USER` or `development`. */
export function publisherName(t: TFunction, publisher: string): string {
  if (publisher === "development") return t("common.publishers.development");
  if (publisher.startsWith("key:")) return t("common.publishers.key", { name: publisher.slice(4) });
  if (publisher.startsWith("admin:")) return t("common.publishers.admin", { name: visibleText(publisher.slice(6)) });
  if (publisher.startsWith("key-")) return t("common.publishers.settings", { name: publisher });
  return visibleText(publisher);
}
