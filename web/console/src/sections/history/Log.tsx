import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useGet } from "../../api/queries.ts";
import type { HistoryPage, NotificationRecord } from "../../api/records.ts";
import { language } from "../../i18n/index.ts";
import { useSession } from "../../session/SessionContext.ts";
import { useAddressFields, withFields } from "../../shell/address.ts";
import { Failure } from "../../ui/Failure.tsx";
import { Line } from "../../ui/Line.tsx";
import { Pager } from "../../ui/Pager.tsx";
import { Panel, Section } from "../../ui/Section.tsx";
import { LoadingLines, Nothing } from "../../ui/States.tsx";
import { daysOf } from "./days.ts";
import { shownOf } from "./exact.ts";
import { newerPage } from "./newer.ts";
import { fieldsOf, isEverything, queryOf, searchOf, type Search } from "./search.ts";
import { SearchFields } from "./SearchFields.tsx";
import "./history.css";

const PAGE = 25;

export function Log() {
  const { t } = useTranslation();
  const { api } = useSession();
  const list = useRef<HTMLDivElement>(null);
  const turned = useRef(false);
  const [fields, setFields] = useAddressFields();
  const search = useMemo(() => searchOf(fields), [fields]);
  const before = positionOf(fields.get("antes"));
  const page = before === null ? 1 : Math.max(2, positionOf(fields.get("pagina")) ?? 2);
  // The server pages by position, so that what comes in meanwhile moves nothing.
  const { data, error, refetch, isPlaceholderData } = useGet<HistoryPage>(
    "/v1/notifications",
    { limit: PAGE, before, ...queryOf(search) },
    { keep: true },
  );
  const next = data?.next_before ?? null;
  const shown = data === undefined ? [] : shownOf(data);
  const newer = useMutation({
    mutationFn: (top: number) => newerPage(api, queryOf(search), top, PAGE),
    onSuccess: (start) => {
      turn(start, page - 1);
    },
  });

  useEffect(() => {
    if (!turned.current || isPlaceholderData || data === undefined) return;
    turned.current = false;
    list.current?.scrollIntoView({ block: "start" });
    list.current?.focus({ preventScroll: true });
  }, [data, isPlaceholderData]);

  function look(part: Partial<Search>) {
    setFields({ ...fieldsOf({ ...search, ...part }), antes: null, pagina: null });
  }

  function turn(start: number | null, to: number) {
    turned.current = true;
    setFields(
      { antes: start === null ? null : String(start), pagina: start === null ? null : String(to) },
      { replace: false },
    );
  }

  function older() {
    if (next !== null) turn(next, page + 1);
  }

  const isBare = data !== undefined && shown.length === 0 && page === 1 && next === null;
  return (
    <Section title={t("history.title")} intro={t("history.intro")}>
      <Panel>
        <SearchFields search={search} onChange={look} />
      </Panel>
      <div ref={list} tabIndex={-1} className="log" role="region" aria-label={t("history.page", { page })}>
        <Panel padded={false}>
          {data === undefined ? (
            error === null ? (
              <LoadingLines lines={10} />
            ) : (
              <Failure error={error} onRetry={() => void refetch()} />
            )
          ) : shown.length > 0 ? (
            <List items={shown} isOld={isPlaceholderData} fields={fields} />
          ) : (
            <NoneHere
              search={search}
              isFirst={page === 1}
              onOlder={next === null ? null : older}
              onReset={() => {
                look(searchOf(new URLSearchParams()));
              }}
            />
          )}
        </Panel>
      </div>
      {isBare ? null : (
        <Pager
          page={page}
          isFirst={page === 1 || newer.isPending}
          isLast={next === null || isPlaceholderData}
          back={t("history.newer")}
          next={t("history.older")}
          onBack={() => {
            newer.mutate(data?.items[0]?.seq ?? (before ?? 1) - 1);
          }}
          onNext={older}
        />
      )}
    </Section>
  );
}

/** A position of the log out of an address. */
function positionOf(text: string | null): number | null {
  return text !== null && /^[1-9]\d{0,14}$/.test(text) ? Number(text) : null;
}

interface NoneHereProps {
  search: Search;
  isFirst: boolean;
  /** The server cuts a search for something rare short: there may be some further down. */
  onOlder: (() => void) | null;
  onReset: () => void;
}

function NoneHere({ search, isFirst, onOlder, onReset }: NoneHereProps) {
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
  return (
    <Nothing title={t("history.noMatch")} text={t("history.noMatchText")}>
      <Button variant="default" onClick={onReset}>
        {t("live.reset")}
      </Button>
    </Nothing>
  );
}

interface ListProps {
  items: NotificationRecord[];
  isOld: boolean;
  /** What the log is narrowed to: the way back from a notification leads here again. */
  fields: URLSearchParams;
}

function List({ items, isOld, fields }: ListProps) {
  const kept = Object.fromEntries(fields);
  return (
    <div className="lines" aria-busy={isOld} data-testid="log">
      {daysOf(items, language()).map(({ day, records }) => (
        <section key={records[0]?.id} className="log-day" aria-label={day}>
          <h2 className="log-date">{day}</h2>
          <ul className="plain">
            {records.map((record) => (
              <li key={record.id} className="log-item">
                <Link
                  href={withFields(`/historial/${record.id}`, kept)}
                  className="line line-log"
                  data-priority={record.priority}
                >
                  <Line record={record} />
                </Link>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}
