import { Button, Group, NumberInput, Progress, Stack, Text } from "@mantine/core";
import { IconBolt, IconPlayerStop } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { BatchReply, PublishReply } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { useSession } from "../../session/SessionContext.ts";

const MOST = 10_000;
const MOST_PER_SECOND = 500;

/** Publishes go out in groups at this interval; a batch each, so that the browser's own requests set no limit. */
const INTERVAL = 100;

interface Progressed {
  count: number;
  sent: number;
  failed: number;
}

export function Burst({ onPublished }: { onPublished: (id: string) => void }) {
  const { t } = useTranslation();
  const { whole } = useFormats();
  const { api, mayPublish } = useSession();
  const [count, setCount] = useState<number | string>(200);
  const [rate, setRate] = useState<number | string>(50);
  const [progress, setProgress] = useState<Progressed | null>(null);
  const [isRunning, setRunning] = useState(false);
  const stop = useRef<(() => void) | null>(null);

  useEffect(() => () => stop.current?.(), []);

  function start() {
    const total = Math.min(MOST, Number(count) || 1);
    const each = Math.max(1, Math.round((Math.min(MOST_PER_SECOND, Number(rate) || 1) * INTERVAL) / 1_000));
    const pause = (each / Math.min(MOST_PER_SECOND, Number(rate) || 1)) * 1_000;
    let started = 0;
    setProgress({ count: total, sent: 0, failed: 0 });
    setRunning(true);
    const timer = setInterval(() => {
      const size = Math.min(each, total - started);
      const first = started;
      started += size;
      if (started >= total) end();
      void publish(first, size);
    }, pause);
    function end() {
      clearInterval(timer);
      stop.current = null;
      setRunning(false);
    }
    stop.current = end;
  }

  async function publish(first: number, size: number) {
    const notifications = Array.from({ length: size }, (_, index) => ({
      type: "test",
      message: t("simulator.burst"),
      data: { numero: first + index + 1 },
      audience: { all: true },
    }));
    let sent = 0;
    try {
      const { results } =
        size === 1
          ? { results: [await api.post<PublishReply>("/notify", notifications[0])] }
          : await api.post<BatchReply>("/v1/notifications/batch", { notifications });
      for (const result of results) {
        if (result.status !== "ok") continue;
        sent += 1;
        onPublished(result.id);
      }
    } catch {
      // Counted as failed; the banner and the status say why.
    }
    setProgress((before) =>
      before === null ? null : { ...before, sent: before.sent + sent, failed: before.failed + size - sent },
    );
  }

  if (!mayPublish) return <Text c="dimmed">{t("simulator.burstForbidden")}</Text>;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!isRunning) start();
      }}
    >
      <Stack gap="sm">
        <Group gap="sm" grow>
          <NumberInput
            label={t("simulator.burstCount")}
            min={1}
            max={MOST}
            allowDecimal={false}
            value={count}
            onChange={setCount}
          />
          <NumberInput
            label={t("simulator.burstRate")}
            min={1}
            max={MOST_PER_SECOND}
            allowDecimal={false}
            value={rate}
            onChange={setRate}
          />
        </Group>
        <Group gap="xs">
          {isRunning ? (
            <Button
              variant="default"
              leftSection={<IconPlayerStop size={18} aria-hidden />}
              onClick={() => stop.current?.()}
            >
              {t("simulator.burstStop")}
            </Button>
          ) : (
            <Button type="submit" leftSection={<IconBolt size={18} aria-hidden />}>
              {t("simulator.burstSend")}
            </Button>
          )}
        </Group>
        {progress === null ? null : (
          <>
            <Progress value={(progress.sent / progress.count) * 100} aria-label={t("simulator.burst")} />
            <Text size="sm" className="numbers">
              {t("simulator.burstSent", { sent: whole(progress.sent), total: whole(progress.count) })}{" "}
              {progress.failed > 0 ? t("simulator.burstFailed", { count: progress.failed }) : ""}
            </Text>
          </>
        )}
      </Stack>
    </form>
  );
}
