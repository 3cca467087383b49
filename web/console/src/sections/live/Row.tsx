import { memo, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import type { NotificationRecord } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { Line } from "../../ui/Line.tsx";

interface RowProps {
  record: NotificationRecord;
  isChosen: boolean;
  onOpen: (record: NotificationRecord, isByKeyboard: boolean) => void;
  onKeyDown: (event: KeyboardEvent) => void;
}

/** One notification of the stream: when, what, for whom, and how many it reached. */
export const Row = memo(function Row({ record, isChosen, onOpen, onKeyDown }: RowProps) {
  return (
    <button
      type="button"
      className="line"
      data-priority={record.priority}
      data-status={record.status}
      aria-current={isChosen ? "true" : undefined}
      onKeyDown={onKeyDown}
      onClick={(event) => {
        onOpen(record, event.detail === 0);
      }}
    >
      <Line record={record} />
      <Reached sockets={record.sockets} />
    </button>
  );
});

/** Connections it was handed to; of what was there before one came, the stream does not tell. */
function Reached({ sockets }: { sockets: number | undefined }) {
  const { t } = useTranslation();
  const { whole } = useFormats();
  if (sockets === undefined) return <span className="line-reach" />;
  return (
    <span className="line-reach numbers" data-nobody={sockets === 0}>
      {sockets === 0 ? t("live.nobody") : t("live.sockets", { count: sockets, formatted: whole(sockets) })}
    </span>
  );
}
