import { Alert, Button, Group, Text, VisuallyHidden } from "@mantine/core";
import { IconPlayerPause, IconPlayerPlay, IconRadar2, IconTrash } from "@tabler/icons-react";
import { useDeferredValue, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { NotificationRecord } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { useFeed, useLive, useSampler } from "../../live/LiveContext.ts";
import { Failure } from "../../ui/Failure.tsx";
import { Panel, Section } from "../../ui/Section.tsx";
import { LoadingLines, Nothing } from "../../ui/States.tsx";
import { NO_FILTERS, sieve } from "./filters.ts";
import { FilterFields } from "./FilterFields.tsx";
import { RecordDrawer } from "./RecordDrawer.tsx";
import { Stream } from "./Stream.tsx";

/** The stream as it was when it was paused. */
interface Held {
  records: NotificationRecord[];
  total: number;
  /** How many had been let go by then. */
  released: number;
  /** By scrolling down: it goes on by itself when one is back at the top. */
  byScroll: boolean;
}

const SUMMARY_INTERVAL = 5_000;

export default function LiveStream() {
  const { t } = useTranslation();
  const { whole, decimal } = useFormats();
  const { feed } = useLive();
  const snapshot = useFeed();
  const { points } = useSampler();
  const [filters, setFilters] = useState(NO_FILTERS);
  const [held, setHeld] = useState<Held | null>(null);
  const [opened, setOpened] = useState<NotificationRecord | null>(null);
  const applied = useDeferredValue(filters);
  const source = held?.records ?? snapshot.records;
  const visible = sieve(source, applied);
  const fresh = held === null ? 0 : snapshot.total - held.total;
  const pausedHint =
    held !== null && snapshot.released > held.released
      ? t("live.pausedFull", { held: whole(snapshot.records.length) })
      : t("live.pausedHint");
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
        <Group gap="xs">
          <Text size="sm" c="dimmed" className="numbers" visibleFrom="xs">
            {t("live.perSecond", { rate: decimal(points.at(-1)?.in ?? 0) })}
          </Text>
          {held === null ? (
            <Button
              variant="default"
              leftSection={<IconPlayerPause size={18} aria-hidden />}
              onClick={() => {
                pause(false);
              }}
            >
              {t("live.pause")}
            </Button>
          ) : (
            <Button leftSection={<IconPlayerPlay size={18} aria-hidden />} onClick={resume}>
              {t("live.resume")}
            </Button>
          )}
          <Button
            variant="default"
            leftSection={<IconTrash size={18} aria-hidden />}
            disabled={snapshot.records.length === 0}
            onClick={() => {
              feed.clear();
              resume();
            }}
          >
            {t("live.clear")}
          </Button>
        </Group>
      }
    >
      <Panel>
        <FilterFields filters={filters} onChange={setFilters} />
        <Group justify="space-between" mt="sm" mih={30}>
          <Text
            size="sm"
            c="dimmed"
            className="numbers"
            data-testid="shown"
            data-arrived={snapshot.total}
            data-held={snapshot.records.length}
            data-released={snapshot.released}
          >
            {t("live.shown", { shown: whole(visible.length), total: whole(source.length) })}
          </Text>
          {held === null ? null : (
            <Group gap="xs">
              <Text size="sm">{held.byScroll ? "" : `${t("live.paused")}. ${pausedHint}`}</Text>
              <Button size="xs" radius="xl" onClick={resume} disabled={fresh === 0} data-testid="fresh">
                {t("live.fresh", { count: fresh, formatted: whole(fresh) })}
              </Button>
            </Group>
          )}
        </Group>
        {snapshot.source === "polling" ? (
          <Alert mt="sm" p="xs" color="gray" variant="default" title={t("live.polling")} />
        ) : null}
        {snapshot.released > 0 ? (
          <Text size="sm" c="dimmed" mt="xs" className="numbers" data-testid="released">
            {t("live.released", {
              count: snapshot.released,
              formatted: whole(snapshot.released),
              held: whole(snapshot.records.length),
              total: whole(snapshot.records.length + snapshot.released),
            })}
          </Text>
        ) : null}
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

/** What came in, said in one sentence every few seconds: a screen reader must not be flooded. */
function Summary({ total }: { total: number }) {
  const { t } = useTranslation();
  const latest = useRef(total);
  const [count, setCount] = useState(0);
  useEffect(() => {
    latest.current = total;
  }, [total]);
  useEffect(() => {
    let said = latest.current;
    const timer = setInterval(() => {
      setCount(latest.current - said);
      said = latest.current;
    }, SUMMARY_INTERVAL);
    return () => {
      clearInterval(timer);
    };
  }, []);
  return <VisuallyHidden role="status">{count === 0 ? "" : t("live.summary", { count })}</VisuallyHidden>;
}
