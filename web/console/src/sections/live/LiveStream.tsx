import { Button } from "@mantine/core";
import { IconRadar2 } from "@tabler/icons-react";
import { useDeferredValue, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { NotificationRecord } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { useFeed, useLive } from "../../live/LiveContext.ts";
import { Failure } from "../../ui/Failure.tsx";
import { Panel, Section } from "../../ui/Section.tsx";
import { LoadingLines, Nothing } from "../../ui/States.tsx";
import { Actions } from "./Actions.tsx";
import { NO_FILTERS, sieve } from "./filters.ts";
import { FilterFields } from "./FilterFields.tsx";
import { RecordDrawer } from "./RecordDrawer.tsx";
import { Status, type Held } from "./Status.tsx";
import { Stream } from "./Stream.tsx";
import { Summary } from "./Summary.tsx";

export default function LiveStream() {
  const { t } = useTranslation();
  const { whole } = useFormats();
  const { feed } = useLive();
  const snapshot = useFeed();
  const [filters, setFilters] = useState(NO_FILTERS);
  const [held, setHeld] = useState<Held | null>(null);
  const [opened, setOpened] = useState<NotificationRecord | null>(null);
  const applied = useDeferredValue(filters);
  const source = held?.records ?? snapshot.records;
  const visible = sieve(source, applied);
  const isFiltered = filters.types.length > 0 || filters.role !== null || filters.text !== "";

  function pause(byScroll: boolean) {
    feed.hold(true);
    setHeld({ records: [...snapshot.records], total: snapshot.total, released: snapshot.released, byScroll });
  }

  function resume() {
    feed.hold(false);
    setHeld(null);
  }

  useEffect(
    () => () => {
      feed.hold(false);
    },
    [feed],
  );

  return (
    <Section
      title={t("live.title")}
      intro={t("live.intro")}
      actions={
        <Actions
          isPaused={held !== null}
          isEmpty={snapshot.records.length === 0}
          onPause={() => {
            pause(false);
          }}
          onResume={resume}
          onClear={() => {
            feed.clear();
            resume();
          }}
        />
      }
    >
      <Panel>
        <FilterFields filters={filters} onChange={setFilters} />
        <Status snapshot={snapshot} held={held} visible={visible.length} total={source.length} onResume={resume} />
      </Panel>
      <Panel padded={false}>
        {snapshot.error !== null && source.length === 0 ? (
          <Failure error={snapshot.error} onRetry={feed.retry} />
        ) : source.length === 0 && snapshot.isLoading ? (
          <LoadingLines lines={8} />
        ) : source.length === 0 ? (
          <Nothing title={t("live.empty")} text={t("live.emptyText")} icon={<IconRadar2 aria-hidden />} />
        ) : visible.length === 0 && isFiltered ? (
          <Nothing title={t("live.noMatch")} text={t("live.noMatchText", { total: whole(source.length) })}>
            <Button
              variant="default"
              onClick={() => {
                setFilters(NO_FILTERS);
              }}
            >
              {t("live.reset")}
            </Button>
          </Nothing>
        ) : (
          <Stream
            records={visible}
            onOpen={setOpened}
            onAway={(isAway) => {
              if (isAway && held === null) pause(true);
              else if (!isAway && held?.byScroll === true) resume();
            }}
            isLive={held === null}
          />
        )}
      </Panel>
      <Summary total={snapshot.total} />
      <RecordDrawer
        record={opened}
        onClose={() => {
          setOpened(null);
        }}
      />
    </Section>
  );
}
