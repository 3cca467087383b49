import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { PRIORITIES } from "../../api/records.ts";
import { visibleText } from "../../ui/visibleText.ts";
import type { Change } from "./change.ts";

/** More of a text says no more about what changes. */
const MOST = 200;

/** What is different now: the field, what it said, and what it will say. */
export function ChangeList({ changes }: { changes: readonly Change[] }) {
  const { t } = useTranslation();
  if (changes.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {t("change.nothing")}
      </Text>
    );
  }
  return (
    <dl className="changes" aria-label={t("change.what")}>
      {changes.map(({ field, before, after }) => (
        <div key={field}>
          <dt>{t(`change.fields.${field}`)}</dt>
          <dd>
            <del>
              <Value text={before} />
            </del>{" "}
            <span aria-hidden>→</span>{" "}
            <ins>
              <Value text={after} />
            </ins>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Value({ text }: { text: string }) {
  const { t } = useTranslation();
  if (text.trim() === "") return <i>{t("change.empty")}</i>;
  const priority = PRIORITIES.find((one) => one === text);
  const cut = text.length > MOST ? `${text.slice(0, MOST)}…` : text;
  return <bdi>{priority === undefined ? visibleText(cut) : t(`priority.${priority}`)}</bdi>;
}
