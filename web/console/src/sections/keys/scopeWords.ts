import { useTranslation } from "react-i18next";
import type { PublisherKey } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";

interface ScopeWords {
  publishes: string;
  reaches: string;
  sees: string;
}

/** What a key allows, in words. */
export function useScopeWords(scope: PublisherKey["scope"]): ScopeWords {
  const { t } = useTranslation();
  const { list } = useFormats();
  const { publish, observe, operate, types, roles, topics, users, everybody } = scope;
  const anybody = roles === null && topics === null && users && everybody;
  const named = [
    ...(roles ?? []).map((name) => t("keys.role", { name })),
    ...(topics ?? []).map((name) => t("keys.topic", { name })),
    ...(users ? [t("keys.singleUsers")] : []),
    ...(everybody ? [t("keys.everybody")] : []),
  ];
  return {
    publishes: !publish ? t("keys.nothing") : types === null ? t("keys.anyType") : list(types),
    reaches: !publish ? "–" : anybody ? t("keys.anybody") : list(named),
    sees: operate ? t("keys.operates") : observe ? t("keys.seesAll") : t("keys.nothing"),
  };
}
