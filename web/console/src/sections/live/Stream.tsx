import { useElementSize, useMergedRef } from "@mantine/hooks";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useRef, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import type { NotificationRecord } from "../../api/records.ts";
import { useDensity } from "../../shell/density.ts";
import { Row } from "./Row.tsx";
import type { Reading } from "./useHold.ts";

/** Heights of a row in `rem`, so that they grow with the size of text that the reader has set. */
const HEIGHTS = {
  wide: { roomy: 2.875, compact: 2 },
  narrow: { roomy: 4.75, compact: 4.25 },
} as const;

/** In `rem`: below it a row takes three lines. The styles of `.line` have the same number. */
const WIDE = 44;

/** Scrolled further than this, one reads: the list must not run away. */
const AWAY = 30;

interface StreamProps {
  /** Oldest first; shown newest first. */
  records: readonly NotificationRecord[];
  isLive: boolean;
  /** The id of the one that is open beside the list. */
  chosen: string | null;
  onOpen: (record: NotificationRecord, isByKeyboard: boolean) => void;
  onReading: (how: Reading, is: boolean) => void;
}

export function Stream({ records, isLive, chosen, onOpen, onReading }: StreamProps) {
  const { t } = useTranslation();
  const density = useDensity();
  const frame = useRef<HTMLDivElement>(null);
  const { ref: sized, width } = useElementSize<HTMLDivElement>();
  const { ref: ruler, width: rem } = useElementSize<HTMLSpanElement>();
  const merged = useMergedRef(frame, sized);
  const last = records.length - 1;
  const isNarrow = width > 0 && width < WIDE * (rem || 16);
  const height = Math.round(HEIGHTS[isNarrow ? "narrow" : "wide"][density] * (rem || 16));
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
  useEffect(() => {
    if (chosen === null) return;
    const index = records.findLastIndex((record) => record.id === chosen);
    if (index !== -1) virtual.scrollToIndex(records.length - 1 - index);
    // Only when another one is chosen: a list that runs on is not to be scrolled with every notification.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [chosen]);

  /** The arrow keys, or J and K, go from row to row; as many as there are may not be in the page. */
  const walk = useCallback(
    (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const step = STEPS[event.key] ?? 0;
      const row = event.currentTarget.closest<HTMLElement>("[data-index]");
      if (step === 0 || row === null) return;
      event.preventDefault();
      const next = Number(row.dataset.index) + step;
      if (next < 0 || next >= virtual.options.count) return;
      virtual.scrollToIndex(next);
      const find = () => frame.current?.querySelector<HTMLElement>(`[data-index="${next}"] button`);
      const button = find();
      // At once where it can be: the next key may come before the next frame, and is meant for that row.
      if (button != null) button.focus();
      else requestAnimationFrame(() => find()?.focus());
    },
    [virtual],
  );

  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- it looks on; what acts are its rows
    <div
      ref={merged}
      className="stream"
      role="list"
      aria-label={t("live.stream")}
      onScroll={(event) => {
        onReading("scroll", event.currentTarget.scrollTop > AWAY);
      }}
      onPointerEnter={(event) => {
        if (event.pointerType === "mouse") onReading("pointer", true);
      }}
      onPointerLeave={() => {
        onReading("pointer", false);
      }}
      onFocus={(event) => {
        // Who has clicked is told by the pointer; who walks by keys, by the ring.
        if (event.target.matches(":focus-visible")) onReading("focus", true);
      }}
      onBlur={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget)) onReading("focus", false);
      }}
    >
      <span ref={ruler} className="ruler" aria-hidden />
      <div role="presentation" style={{ height: virtual.getTotalSize(), position: "relative" }}>
        {virtual.getVirtualItems().map((item) => {
          const record = records[last - item.index];
          return record === undefined ? null : (
            <div
              key={record.id}
              role="listitem"
              data-index={item.index}
              data-id={record.id}
              aria-posinset={item.index + 1}
              aria-setsize={records.length}
              style={{ position: "absolute", insetInline: 0, top: item.start, height: item.size }}
            >
              <Row record={record} isChosen={record.id === chosen} onOpen={onOpen} onKeyDown={walk} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

const STEPS: Record<string, number> = { ArrowDown: 1, j: 1, J: 1, ArrowUp: -1, k: -1, K: -1 };
