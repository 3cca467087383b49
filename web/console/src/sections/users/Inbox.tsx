import { Box, Group, SegmentedControl, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useGet } from "../../api/queries.ts";
import type { InboxItem, InboxPage } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { TypeName } from "../../ui/badges.tsx";
import { Clamped } from "../../ui/Clamped.tsx";
import { Failure } from "../../ui/Failure.tsx";
import { Moment } from "../../ui/Moment.tsx";
import { Pager } from "../../ui/Pager.tsx";
import { Panel } from "../../ui/Section.tsx";
import { LoadingLines, Nothing } from "../../ui/States.tsx";

type Status = "all" | "unread" | "archived";

const PAGE = 20;
const REFRESH = 3_000;

/** A user's inbox as this user sees it. */
export function Inbox({ user }: { user: string }) {
  const { t } = useTranslation();
  const { whole } = useFormats();
  const [status, setStatus] = useState<Status>("all");
  const [before, setBefore] = useState<number | null>(null);
  const { data, error, refetch } = useGet<InboxPage>(
    `/v1/users/${encodeURIComponent(user)}/inbox`,
    { status, limit: PAGE, before },
    { refetchInterval: REFRESH, keep: true },
  );
  const next = data?.next_before ?? null;
  return (
    <Panel
      title={t("users.inbox")}
      padded={false}
      aside={
        data?.counts === undefined ? null : (
          <Text size="sm" className="numbers" data-testid="unread">
            {t("users.unread", { count: data.counts.unread, formatted: whole(data.counts.unread) })}
          </Text>
        )
      }
    >
      <Group px="md" pb="sm" justify="space-between" gap="xs">
        <Text size="sm" c="dimmed">
          {t("users.inboxHint")}
        </Text>
        <SegmentedControl
          size="xs"
          aria-label={t("users.inbox")}
          data={[
            { value: "all", label: t("users.statusAll") },
            { value: "unread", label: t("users.statusUnread") },
            { value: "archived", label: t("users.statusArchived") },
          ]}
          value={status}
          onChange={(wanted) => {
            setStatus(wanted);
            setBefore(null);
          }}
        />
      </Group>
      {data === undefined ? (
        error === null ? (
          <LoadingLines lines={4} />
        ) : (
          <Failure error={error} onRetry={() => void refetch()} />
        )
      ) : data.items.length === 0 ? (
        <Nothing title={t("users.inboxEmpty")} />
      ) : (
        <ul className="plain">
          {data.items.map((item) => (
            <Item key={item.id} item={item} />
          ))}
        </ul>
      )}
      <Pager
        p="md"
        isFirst={before === null}
        isLast={next === null}
        back={t("history.first")}
        next={t("history.older")}
        onBack={() => {
          setBefore(null);
        }}
        onNext={() => {
          setBefore(next);
        }}
      />
    </Panel>
  );
}

function Item({ item }: { item: InboxItem }) {
  const { t } = useTranslation();
  const state = item.read ? t("users.isRead") : item.seen ? t("users.isSeen") : t("users.isUnread");
  return (
    <li className="letter" data-read={item.read}>
      <span className="letter-dot" role="img" aria-label={state} title={state} />
      <Box miw={0}>
        <Link href={`/historial/${item.id}`} className="letter-link">
          <TypeName type={item.type} />
        </Link>
        {item.answered === undefined ? null : (
          <Text size="xs" fw={600}>
            {t("life.answered", { action: item.answered.action })}
          </Text>
        )}
        <Clamped text={item.message === "" ? t("common.noMessage") : item.message} lines={3} />
      </Box>
      <Text size="xs" c="dimmed">
        <Moment at={item.timestamp} full="other days" />
      </Text>
    </li>
  );
}
