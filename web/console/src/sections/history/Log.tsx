import { Button, Group, Select, Text, TextInput } from "@mantine/core";
import { IconChevronLeft, IconChevronRight, IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useCatalog, useGet } from "../../api/queries.ts";
import type { HistoryPage, NotificationRecord } from "../../api/records.ts";
import { AudienceText, PriorityBadge, TypeName } from "../../ui/badges.tsx";
import { Failure } from "../../ui/Failure.tsx";
import { Moment } from "../../ui/Moment.tsx";
import { Panel, Section } from "../../ui/Section.tsx";
import { LoadingLines, Nothing } from "../../ui/States.tsx";

const PAGE = 25;

interface Search {
  type: string | null;
  user: string;
}

export function Log() {
  const { t } = useTranslation();
  const catalog = useCatalog();
  const [user, setUser] = useState("");
  const [search, setSearch] = useState<Search>({ type: null, user: "" });
  // Where each page begins; the server pages by position, so that what comes in meanwhile moves nothing.
  const [starts, setStarts] = useState<(number | null)[]>([null]);
  const before = starts.at(-1) ?? null;
  const { data, error, refetch, isPlaceholderData } = useGet<HistoryPage>(
    "/v1/notifications",
    { limit: PAGE, before, type: search.type, user: search.user },
    { keep: true },
  );

  function look(next: Search) {
    setSearch(next);
    setStarts([null]);
  }

  return (
    <Section title={t("history.title")} intro={t("history.intro")}>
      <Panel>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            look({ ...search, user: user.trim() });
          }}
        >
          <Group gap="sm" align="flex-end">
            <Select
              flex="1 1 200px"
              label={t("common.type")}
              placeholder={t("live.allTypes")}
              data={(catalog.data?.types ?? []).map((kind) => kind.type)}
              value={search.type}
              searchable
              clearable
              onChange={(type) => {
                look({ ...search, type });
              }}
            />
            <TextInput
              flex="1 1 200px"
              label={t("history.byUser")}
              placeholder={t("history.byUserPlaceholder")}
              value={user}
              onChange={(event) => {
                setUser(event.currentTarget.value);
              }}
            />
            <Button type="submit" variant="default" leftSection={<IconSearch size={16} aria-hidden />}>
              {t("history.apply")}
            </Button>
          </Group>
        </form>
      </Panel>
      <Panel padded={false}>
        {data === undefined ? (
          error === null ? (
            <LoadingLines lines={10} />
          ) : (
            <Failure error={error} onRetry={() => void refetch()} />
          )
        ) : data.items.length === 0 && data.next_before === null && starts.length === 1 ? (
          search.type === null && search.user === "" ? (
            <Nothing title={t("history.empty")} text={t("history.emptyText")} />
          ) : (
            <Nothing title={t("history.noMatch")} text={t("history.noMatchText")} />
          )
        ) : (
          <List items={data.items} isOld={isPlaceholderData} />
        )}
      </Panel>
      <Group justify="space-between">
        <Button
          variant="default"
          disabled={starts.length === 1}
          leftSection={<IconChevronLeft size={16} aria-hidden />}
          onClick={() => {
            setStarts(starts.slice(0, -1));
          }}
        >
          {t("history.newer")}
        </Button>
        <Text size="sm" c="dimmed" role="status">
          {t("history.page", { page: starts.length })}
        </Text>
        <Button
          variant="default"
          disabled={data?.next_before == null || isPlaceholderData}
          rightSection={<IconChevronRight size={16} aria-hidden />}
          onClick={() => {
            if (data?.next_before != null) setStarts([...starts, data.next_before]);
          }}
        >
          {t("history.older")}
        </Button>
      </Group>
    </Section>
  );
}

function List({ items, isOld }: { items: NotificationRecord[]; isOld: boolean }) {
  const { t } = useTranslation();
  return (
    <ul className="plain" aria-busy={isOld} data-testid="log">
      {items.map((record) => (
        <li key={record.id} className="log-item">
          <Link href={`/historial/${record.id}`} className="row log-row" data-priority={record.priority}>
            <span className="faint">
              <Moment at={record.timestamp} full />
            </span>
            <TypeName type={record.type} />
            <span className="log-text">
              <span className="cut">{record.message === "" ? t("common.noMessage") : record.message}</span>
              <span className="faint cut">
                <AudienceText audience={record.audience} />
              </span>
            </span>
            <PriorityBadge priority={record.priority} />
          </Link>
        </li>
      ))}
    </ul>
  );
}
