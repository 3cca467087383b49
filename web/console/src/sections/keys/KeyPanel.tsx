import { Badge, DataList, Group } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { PublisherKey } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { Callout } from "../../ui/Callout.tsx";
import { Moment } from "../../ui/Moment.tsx";
import { Panel } from "../../ui/Section.tsx";
import { useScopeWords } from "./scopeWords.ts";

/** One key, in words. */
export function KeyPanel({ shown }: { shown: PublisherKey }) {
  const { t } = useTranslation();
  const { whole } = useFormats();
  const words = useScopeWords(shown.scope);
  const newest = shown.secrets.at(-1);
  const rows: [string, ReactNode][] = [
    [t("keys.publishes"), words.publishes],
    [t("keys.reaches"), words.reaches],
    [t("keys.sees"), words.sees],
    [
      t("keys.rate"),
      shown.rate === null ? t("keys.usualRate") : t("keys.rateOf", { count: shown.rate, formatted: whole(shown.rate) }),
    ],
    [t("keys.lastUsed"), moment(shown.last_used_at, t("keys.notUsed"))],
    [t("keys.published"), t("keys.sinceStart", { formatted: whole(shown.published) })],
  ];
  if (newest !== undefined) {
    rows.push([
      t("keys.begins"),
      <span key="hint" className="mono">
        {newest.hint}…
      </span>,
    ]);
  }
  if (shown.created_at !== null) rows.push([t("keys.made"), moment(shown.created_at, "")]);
  if (shown.kind === "stored") rows.push([t("keys.expires"), moment(shown.expires_at, t("keys.never"))]);
  return (
    <Panel title={shown.name} aside={<State shown={shown} />}>
      <Rotation shown={shown} />
      <DataList orientation="horizontal" className="fields">
        {rows.map(([name, value]) => (
          <DataList.Item key={name}>
            <DataList.ItemLabel>{name}</DataList.ItemLabel>
            <DataList.ItemValue className="wrap">{value}</DataList.ItemValue>
          </DataList.Item>
        ))}
      </DataList>
    </Panel>
  );
}

function moment(at: string | null, otherwise: string): ReactNode {
  return at === null ? otherwise : <Moment at={at} full />;
}

function State({ shown }: { shown: PublisherKey }) {
  const { t } = useTranslation();
  if (shown.state === "over") {
    return (
      <Badge color="orange" variant="outline" tt="none" className="outlined outlined-orange">
        {t("keys.over")}
      </Badge>
    );
  }
  if (shown.kind === "stored") return null;
  return (
    <Badge color="gray" variant="outline" tt="none">
      {t("keys.settings")}
    </Badge>
  );
}

/** What whoever rotates a key has to know: until when the one of before holds, and whether anybody still uses it. */
function Rotation({ shown }: { shown: PublisherKey }) {
  const { t } = useTranslation();
  const { moment: written, ago } = useFormats();
  const before = shown.secrets.length > 1 ? shown.secrets.at(-2) : undefined;
  if (before === undefined || before.ends_at === null || shown.state === "over") return null;
  return (
    <Callout tone="orange" mb="md" title={t("keys.rotating")}>
      <Group gap={4}>
        <span>{t("keys.rotatingText", { hint: before.hint, until: written(before.ends_at) })}</span>
        <span>
          {before.last_used_at === null ? t("keys.oldNotUsed") : t("keys.oldUsed", { when: ago(before.last_used_at) })}
        </span>
      </Group>
    </Callout>
  );
}
