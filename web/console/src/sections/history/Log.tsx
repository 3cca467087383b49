import { Button } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useGet } from "../../api/queries.ts";
import type { HistoryPage, NotificationRecord } from "../../api/records.ts";
import { AudienceText, PriorityBadge, TypeName } from "../../ui/badges.tsx";
import { Failure } from "../../ui/Failure.tsx";
import { Moment } from "../../ui/Moment.tsx";
import { Pager } from "../../ui/Pager.tsx";
import { Panel, Section } from "../../ui/Section.tsx";
import { LoadingLines, Nothing } from "../../ui/States.tsx";
import { EVERYTHING, isEverything, type Search } from "./search.ts";
import { SearchFields } from "./SearchFields.tsx";

const PAGE = 25;

export function Log() {
  const { t } = useTranslation();
  const [search, setSearch] = useState(EVERYTHING);
  // Where each page begins; the server pages by position, so that what comes in meanwhile moves nothing.
  const [starts, setStarts] = useState<(number | null)[]>([null]);
  const { data, error, refetch, isPlaceholderData } = useGet<HistoryPage>(
    "/v1/notifications",
    { limit: PAGE, before: starts.at(-1) ?? null, ...search },
    { keep: true },
  );
  const next = data?.next_before ?? null;

  function look(wanted: Search) {
    setSearch(wanted);
    setStarts([null]);
  }

  function older() {
    if (next !== null) setStarts([...starts, next]);
  }

  return (
    <Section title={t("history.title")} intro={t("history.intro")}>
      <Panel>
        <SearchFields search={search} onChange={look} />
      </Panel>
      <Panel padded={false}>
        {data === undefined ? (
          error === null ? (
            <LoadingLines lines={10} />
          ) : (
            <Failure error={error} onRetry={() => void refetch()} />
          )
        ) : data.items.length > 0 ? (
          <List items={data.items} isOld={isPlaceholderData} />
        ) : (
          <NoneHere search={search} isFirst={starts.length === 1} onOlder={next === null ? null : older} />
        )}
      </Panel>
      <Pager
        page={starts.length}
        isFirst={starts.length === 1}
        isLast={next === null || isPlaceholderData}
        back={t("history.newer")}
        next={t("history.older")}
        onBack={() => {
          setStarts(starts.slice(0, -1));
        }}
        onNext={older}
      />
    </Section>
  );
}

interface NoneHereProps {
  search: Search;
  isFirst: boolean;
  /** The server cuts a search for something rare short: there may be some further down. */
  onOlder: (() => void) | null;
}

function NoneHere({ search, isFirst, onOlder }: NoneHereProps) {
  const { t } = useTranslation();
  if (onOlder !== null) {
    return (
      <Nothing title={t("history.noneYet")} text={t("history.noneYetText")}>
        <Button variant="default" onClick={onOlder}>
          {t("history.goOn")}
        </Button>
      </Nothing>
    );
  }
  if (isEverything(search) && isFirst) return <Nothing title={t("history.empty")} text={t("history.emptyText")} />;
  return <Nothing title={t("history.noMatch")} text={t("history.noMatchText")} />;
}

function List({ items, isOld }: { items: NotificationRecord[]; isOld: boolean }) {
  const { t } = useTranslation();
  return (
    <ul className="plain" aria-busy={isOld} data-testid="log">
      {items.map((record) => (
        <li key={record.id} className="log-item">
          <Link href={`/historial/${record.id}`} className="row log-row" data-priority={record.priority}>
            <span className="faint">
              <Moment at={record.timestamp} full />
            </span>
            <TypeName type={record.type} />
            <span className="log-text">
              <span className="cut">{record.message === "" ? t("common.noMessage") : record.message}</span>
              <span className="faint cut">
                <AudienceText audience={record.audience} />
              </span>
            </span>
            <PriorityBadge priority={record.priority} />
          </Link>
        </li>
      ))}
    </ul>
  );
}
