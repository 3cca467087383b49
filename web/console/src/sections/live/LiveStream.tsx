import { Button } from "@mantine/core";
import { IconRadar2 } from "@tabler/icons-react";
import { useCallback, useDeferredValue, useEffect, useEffectEvent, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { asCurl } from "../../api/publishing.ts";
import { useGet } from "../../api/queries.ts";
import type { NotificationRecord } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { useFeed, useLive } from "../../live/LiveContext.ts";
import { useSession } from "../../session/SessionContext.ts";
import { useAddressFields } from "../../shell/address.ts";
import { here } from "../../shell/here.ts";
import { Code } from "../../ui/Copy.tsx";
import { Failure } from "../../ui/Failure.tsx";
import { Panel, Section } from "../../ui/Section.tsx";
import { LoadingLines, Nothing } from "../../ui/States.tsx";
import { Actions } from "./Actions.tsx";
import { fieldsOf, filtersOf, NO_FILTERS, sieve, type Filters } from "./filters.ts";
import { FilterFields } from "./FilterFields.tsx";
import { RecordPanel } from "./RecordPanel.tsx";
import { Status } from "./Status.tsx";
import { Stream } from "./Stream.tsx";
import { Summary } from "./Summary.tsx";
import { useHold } from "./useHold.ts";
import "./live.css";

export default function LiveStream() {
  const { t } = useTranslation();
  const { whole } = useFormats();
  const { feed } = useLive();
  const snapshot = useFeed();
  const list = useRef<HTMLDivElement>(null);
  const [fields, setFields] = useAddressFields();
  const filters = useMemo(() => filtersOf(fields), [fields]);
  const [held, { pause, resume, reading }] = useHold();
  const [isByKeyboard, setByKeyboard] = useState(false);
  const applied = useDeferredValue(filters);
  const source = held?.records ?? snapshot.records;
  const visible = sieve(source, applied);
  const isFiltered = visible !== source;
  const chosen = fields.get("ver");
  const index = chosen === null ? -1 : visible.findLastIndex((record) => record.id === chosen);
  const opened = useOpened(chosen, visible[index]);

  const narrow = useCallback(
    (part: Partial<Filters>) => {
      setFields(fieldsOf({ ...filtersOf(new URLSearchParams(fields)), ...part }));
    },
    [fields, setFields],
  );
  const open = useCallback(
    (record: NotificationRecord, isKey: boolean) => {
      setByKeyboard(isKey);
      setFields({ ver: record.id });
    },
    [setFields],
  );

  /** To the neighbour, if there is one. */
  function step(to: number): (() => void) | null {
    const record = index === -1 ? undefined : visible[index + to];
    return record === undefined
      ? null
      : () => {
          setFields({ ver: record.id });
        };
  }

  function close() {
    const hadFocus = document.activeElement?.closest('[role="dialog"]') != null;
    setFields({ ver: null });
    if (hadFocus) list.current?.querySelector<HTMLElement>(`[data-id="${chosen ?? ""}"] button`)?.focus();
  }

  usePauseKey(held?.byReading === false ? resume : pause);

  return (
    <Section
      title={t("live.title")}
      intro={t("live.intro")}
      actions={
        <Actions
          isPaused={held?.byReading === false}
          isEmpty={snapshot.records.length === 0}
          onPause={pause}
          onResume={resume}
          onClear={() => {
            feed.clear();
            resume();
          }}
        />
      }
    >
      <Panel>
        <FilterFields filters={filters} onChange={narrow} />
        <Status
          snapshot={snapshot}
          held={held}
          visible={visible.length}
          total={source.length}
          isFiltered={isFiltered}
          onResume={resume}
        />
      </Panel>
      <div className="split" data-open={opened !== null}>
        <div ref={list} className="split-list">
          <Panel padded={false}>
            {snapshot.error !== null && source.length === 0 ? (
              <Failure error={snapshot.error} onRetry={feed.retry} />
            ) : source.length === 0 && snapshot.isLoading ? (
              <LoadingLines lines={8} />
            ) : source.length === 0 ? (
              <Waiting />
            ) : visible.length === 0 ? (
              <Nothing title={t("live.noMatch")} text={t("live.noMatchText", { total: whole(source.length) })}>
                <Button
                  variant="default"
                  onClick={() => {
                    narrow(NO_FILTERS);
                  }}
                >
                  {t("live.reset")}
                </Button>
              </Nothing>
            ) : (
              <Stream records={visible} chosen={chosen} onOpen={open} onReading={reading} isLive={held === null} />
            )}
          </Panel>
        </div>
        {opened === null ? null : (
          <RecordPanel record={opened} takesFocus={isByKeyboard} onNewer={step(1)} onOlder={step(-1)} onClose={close} />
        )}
      </div>
      <Summary total={snapshot.total} />
    </Section>
  );
}

/** The one that the address names: from the list, or from the log where the list has let it go, or not had it yet. */
function useOpened(id: string | null, found: NotificationRecord | undefined): NotificationRecord | null {
  const [last, setLast] = useState<NotificationRecord | null>(null);
  if (found !== undefined && found !== last) setLast(found);
  const kept = found ?? (last?.id === id ? last : undefined);
  const { data } = useGet<NotificationRecord>(
    `/v1/notifications/${encodeURIComponent(id ?? "")}`,
    { limit: 1 },
    { enabled: id !== null && kept === undefined, staleTime: Infinity },
  );
  if (id === null) return null;
  return kept ?? (data?.id === id ? data : null);
}

/** The space bar stops the stream and lets it go on, where it does nothing else. */
function usePauseKey(toggle: () => void) {
  const onKeyDown = useEffectEvent((event: KeyboardEvent) => {
    const target = event.target instanceof Element ? event.target : document.body;
    if (event.key !== " " || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (target.closest('a, button, input, select, textarea, summary, [role="dialog"], [role="listbox"]') !== null)
      return;
    event.preventDefault();
    toggle();
  });
  useEffect(() => {
    document.addEventListener("keydown", onKeyDown);
    return () => {
      document.removeEventListener("keydown", onKeyDown);
    };
  }, []);
}

/** Nothing has come yet: two ways to make something come. */
function Waiting() {
  const { t } = useTranslation();
  const { development, mayPublish } = useSession();
  const line = asCurl(
    here(),
    { type: "test", message: t("live.testMessage"), data: {} },
    development ? null : t("send.codeKey"),
  );
  return (
    <div className="waiting">
      <Nothing title={t("live.empty")} text={t("live.emptyText")} icon={<IconRadar2 aria-hidden />}>
        {mayPublish ? (
          <Button component={Link} href="/enviar?tipo=test">
            {t("live.sendTest")}
          </Button>
        ) : null}
      </Nothing>
      <Code text={line} label="curl" />
    </div>
  );
}
