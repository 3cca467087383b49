import { Alert, Button, Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useFormats } from "../../i18n/formats.ts";
import type { FeedSnapshot } from "../../live/feed.ts";
import type { Held } from "./useHold.ts";

interface StatusProps {
  snapshot: FeedSnapshot;
  held: Held | null;
  visible: number;
  total: number;
  isFiltered: boolean;
  onResume: () => void;
}

/** How much of the stream is to be seen, and where the rest is. */
export function Status({ snapshot, held, visible, total, isFiltered, onResume }: StatusProps) {
  const { t } = useTranslation();
  const { whole } = useFormats();
  const { records, released } = snapshot;
  return (
    <>
      <Group justify="space-between" mt="sm" mih={30} gap="xs">
        <Text
          size="sm"
          c="dimmed"
          className="numbers"
          data-testid="shown"
          data-arrived={snapshot.total}
          data-held={records.length}
          data-released={released}
        >
          {isFiltered
            ? t("live.filtered", { shown: whole(visible), total: whole(total) })
            : t("live.shown", { count: total, formatted: whole(total) })}
        </Text>
        {held === null ? null : <Paused snapshot={snapshot} held={held} onResume={onResume} />}
      </Group>
      {snapshot.source === "polling" ? (
        <Alert mt="sm" p="xs" color="gray" variant="default" title={t("live.polling")} />
      ) : null}
      {released > 0 ? (
        <Text size="sm" c="dimmed" mt="xs" className="numbers" data-testid="released">
          {t("live.released", {
            count: released,
            formatted: whole(released),
            held: whole(records.length),
            total: whole(records.length + released),
          })}
        </Text>
      ) : null}
    </>
  );
}

function Paused({ snapshot, held, onResume }: { snapshot: FeedSnapshot; held: Held; onResume: () => void }) {
  const { t } = useTranslation();
  const { whole } = useFormats();
  const fresh = snapshot.total - held.total;
  const isFull = snapshot.released > held.released;
  const hint = isFull ? t("live.pausedFull", { held: whole(snapshot.records.length) }) : t("live.pausedHint");
  return (
    <Group gap="xs">
      <Text size="sm">{held.byReading ? "" : `${t("live.paused")}. ${hint}`}</Text>
      {fresh === 0 && held.byReading ? null : (
        <Button size="xs" radius="xl" onClick={onResume} disabled={fresh === 0} data-testid="fresh">
          {t("live.fresh", { count: fresh, formatted: whole(fresh) })}
        </Button>
      )}
    </Group>
  );
}
