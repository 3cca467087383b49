import { Anchor, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useGet } from "../../api/queries.ts";
import type { NotificationHistory, NotificationRecord } from "../../api/records.ts";
import { Moment } from "../../ui/Moment.tsx";
import { publisherName } from "../../ui/publisherName.ts";
import { Panel } from "../../ui/Section.tsx";
import { changesOf, editableOf } from "./change.ts";
import { ChangeList } from "./ChangeList.tsx";
import "./change.css";

const REFRESH = 3_000;

type Happened = NotificationHistory["items"][number];

/** Who did what to a notification and when, and what it said before; of all that took each other's place. The record
 * is what it says now; null where it has no place in the log. */
export function Past({ id, record }: { id: string; record: NotificationRecord | null }) {
  const { t } = useTranslation();
  const { data } = useGet<NotificationHistory>(
    `/v1/notifications/${encodeURIComponent(id)}/history`,
    {},
    { refetchInterval: REFRESH, keep: true },
  );
  const items = data?.items ?? [];
  if (items.length < 2) return null; // it was published, and nothing else
  return (
    <Panel title={t("life.history")} padded={false}>
      <ol className="plain past" aria-label={t("life.history")}>
        {items.map((one, at) => (
          <li key={`${one.at} ${one.action} ${one.id}`} data-action={one.action}>
            <Text size="sm" component="div">
              <strong>{t(`life.did.${one.action}`)}</strong>
              {" · "}
              <Moment at={one.at} full />
              {one.by === null ? null : ` · ${publisherName(t, one.by)}`}
            </Text>
            <Other happened={one} shown={id} />
            {one.action === "updated" && one.before !== null ? (
              <Differences before={one.before} after={stateAfter(items, at, record)} />
            ) : null}
          </li>
        ))}
      </ol>
    </Panel>
  );
}

/** The way to another one of the thread. */
function Other({ happened, shown }: { happened: Happened; shown: string }) {
  const { t } = useTranslation();
  const { id, replaced_by: by } = happened;
  const links: [string, string][] = [];
  if (id !== shown) links.push([id, t("life.thatOne")]);
  if (by !== null && by !== shown) links.push([by, t("change.seeReplacement")]);
  return links.map(([to, text]) => (
    <Anchor key={to} component={Link} href={`/historial/${to}`} size="xs" me="sm">
      {text}
    </Anchor>
  ));
}

/** What a change left: what the next one to the same notification found, or what there is now. */
function stateAfter(
  items: readonly Happened[],
  at: number,
  record: NotificationRecord | null,
): NotificationRecord | null {
  const { id } = items[at] ?? {};
  const next = items.slice(at + 1).find((one) => one.id === id && one.before !== null);
  return next?.before ?? (id === record?.id ? record : null);
}

function Differences({ before, after }: { before: NotificationRecord; after: NotificationRecord | null }) {
  if (after === null) return null;
  return <ChangeList changes={changesOf(editableOf(before, null), editableOf(after, null)).list} />;
}
