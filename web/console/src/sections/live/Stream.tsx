import { useMediaQuery } from "@mantine/hooks";
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useCallback, useEffect, useRef, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import type { NotificationRecord } from "../../api/records.ts";
import { PriorityBadge, TypeName } from "../../ui/badges.tsx";
import { Moment } from "../../ui/Moment.tsx";

const ROW = 46;
const ROW_PHONE = 62;

/** Scrolled further than this, one reads: the list must not run away. */
const AWAY = 30;

interface StreamProps {
  /** Oldest first; shown newest first. */
  records: readonly NotificationRecord[];
  isLive: boolean;
  onOpen: (record: NotificationRecord) => void;
  onAway: (isAway: boolean) => void;
}

export function Stream({ records, isLive, onOpen, onAway }: StreamProps) {
  const { t } = useTranslation();
  const isPhone = useMediaQuery("(max-width: 48em)");
  const frame = useRef<HTMLDivElement>(null);
  const last = records.length - 1;
  const height = isPhone ? ROW_PHONE : ROW;
  // Its functions change with every scroll by design, which is why the compiler leaves this component alone.
  // eslint-disable-next-line react-hooks/incompatible-library
  const virtual = useVirtualizer({
    count: records.length,
    getScrollElement: () => frame.current,
    estimateSize: () => height,
    overscan: 6,
  });

  useEffect(() => {
    virtual.measure();
  }, [height, virtual]);
  useEffect(() => {
    if (isLive && frame.current !== null) frame.current.scrollTop = 0;
  }, [isLive]);

  /** The arrow keys go from row to row; as many as there are may not be in the page. */
  const walk = useCallback(
    (event: KeyboardEvent) => {
      const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
      const row = event.currentTarget.closest<HTMLElement>("[data-index]");
      if (step === 0 || row === null) return;
      event.preventDefault();
      const next = Number(row.dataset.index) + step;
      if (next < 0 || next >= virtual.options.count) return;
      virtual.scrollToIndex(next);
      requestAnimationFrame(() => {
        frame.current?.querySelector<HTMLElement>(`[data-index="${next}"] button`)?.focus();
      });
    },
    [virtual],
  );

  return (
    <div
      ref={frame}
      className="stream"
      role="list"
      aria-label={t("live.stream")}
      onScroll={(event) => {
        onAway(event.currentTarget.scrollTop > AWAY);
      }}
    >
      <div role="presentation" style={{ height: virtual.getTotalSize(), position: "relative" }}>
        {virtual.getVirtualItems().map((item) => {
          const record = records[last - item.index];
          return record === undefined ? null : (
            <div
              key={record.id}
              role="listitem"
              data-index={item.index}
              aria-posinset={item.index + 1}
              aria-setsize={records.length}
              style={{ position: "absolute", insetInline: 0, top: item.start, height: item.size }}
            >
              <Row record={record} onOpen={onOpen} onKeyDown={walk} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

interface RowProps {
  record: NotificationRecord;
  onOpen: (record: NotificationRecord) => void;
  onKeyDown: (event: KeyboardEvent) => void;
}

const Row = memo(function Row({ record, onOpen, onKeyDown }: RowProps) {
  const { t } = useTranslation();
  return (
    <button
      type="button"
      className="row"
      data-priority={record.priority}
      onKeyDown={onKeyDown}
      onClick={() => {
        onOpen(record);
      }}
    >
      <span className="faint">
        <Moment at={record.timestamp} />
      </span>
      <TypeName type={record.type} />
      <span className="cut">{record.message === "" ? t("common.noMessage") : record.message}</span>
      <PriorityBadge priority={record.priority} />
    </button>
  );
});
