import { Button, Group, Text } from "@mantine/core";
import { IconChevronRight } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useGet } from "../../api/queries.ts";
import type { ServerError, ServerErrors } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { CopyIcon } from "../../ui/Copy.tsx";
import { Failure } from "../../ui/Failure.tsx";
import { Moment } from "../../ui/Moment.tsx";
import { Panel } from "../../ui/Section.tsx";
import { LoadingLines } from "../../ui/States.tsx";
import { visibleText } from "../../ui/visibleText.ts";
import { useAdvice } from "./advice.ts";

/** Refusals that are read, and shown before more are asked for. */
const READ = 200;
const SHOWN = 6;

export function LastErrors() {
  const { t } = useTranslation();
  const { data, error, refetch } = useGet<ServerErrors>("/v1/errors", { limit: READ }, { refetchInterval: 5_000 });
  return (
    <Panel title={t("overview.errors")} padded={data === undefined || data.items.length === 0}>
      {data === undefined ? (
        error === null ? (
          <LoadingLines lines={3} />
        ) : (
          <Failure error={error} onRetry={() => void refetch()} />
        )
      ) : data.items.length === 0 ? (
        <Text c="dimmed">{t("overview.errorsNone")}</Text>
      ) : (
        <List items={data.items} />
      )}
    </Panel>
  );
}

function List({ items }: { items: ServerError[] }) {
  const { t } = useTranslation();
  const { whole } = useFormats();
  const [code, setCode] = useState<string | null>(null);
  const [isAll, setAll] = useState(false);
  const counts = countsOf(items);
  const wanted = code === null || !counts.has(code) ? items : items.filter((item) => item.code === code);
  const shown = isAll ? wanted : wanted.slice(0, SHOWN);
  return (
    <>
      <Group gap={6} px="md" pb="sm" role="group" aria-label={t("overview.errorsByCode")}>
        {[...counts].map(([one, count]) => (
          <Button
            key={one}
            size="compact-xs"
            variant="default"
            className="chip mono"
            aria-pressed={one === code}
            onClick={() => {
              setCode(one === code ? null : one);
            }}
          >
            {one}&nbsp;<b className="numbers">{whole(count)}</b>
          </Button>
        ))}
      </Group>
      <ul className="plain errors">
        {shown.map((item, index) => (
          <Item key={`${item.at}${item.request_id ?? ""}${item.request_id === null ? index : ""}`} item={item} />
        ))}
      </ul>
      {wanted.length > SHOWN ? (
        <Group p="xs" justify="center">
          <Button
            size="xs"
            variant="subtle"
            aria-expanded={isAll}
            onClick={() => {
              setAll(!isAll);
            }}
          >
            {isAll ? t("common.less") : t("overview.errorsMore", { count: wanted.length - SHOWN })}
          </Button>
        </Group>
      ) : null}
    </>
  );
}

/** How many there are of each code, the most frequent first. */
function countsOf(items: readonly ServerError[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { code } of items) counts.set(code, (counts.get(code) ?? 0) + 1);
  return new Map([...counts].sort(([, one], [, other]) => other - one));
}

function Item({ item }: { item: ServerError }) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const advice = useAdvice(item);
  return (
    <li className="error">
      <button
        type="button"
        className="error-row"
        aria-expanded={isOpen}
        onClick={() => {
          setOpen(!isOpen);
        }}
      >
        <IconChevronRight size={16} aria-hidden className="chevron" />
        <Text span size="sm" c="dimmed">
          <Moment at={item.at} />
        </Text>
        <Text span size="sm" className="mono" fw={600}>
          {item.code}
        </Text>
        <Text span size="sm" className="cut" dir="auto">
          {visibleText(item.detail)}
        </Text>
      </button>
      {isOpen ? (
        <div className="error-body">
          <Text size="sm" className="wrap" dir="auto">
            {visibleText(item.detail)}
          </Text>
          <Text size="sm" mt={6}>
            <b>{t("overview.whatToDo")}</b> {advice}
          </Text>
          <dl className="error-facts">
            <div>
              <dt>{t("overview.errorRequest")}</dt>
              <dd className="mono wrap">
                {item.method} {visibleText(item.path)}
              </dd>
            </div>
            <div>
              <dt>{t("overview.errorStatus")}</dt>
              <dd className="numbers">{item.status}</dd>
            </div>
            <div>
              <dt>{t("users.address")}</dt>
              <dd className="mono">{item.address}</dd>
            </div>
            <div>
              <dt>{t("common.when")}</dt>
              <dd>
                <Moment at={item.at} full />
              </dd>
            </div>
            {item.request_id === null ? null : (
              <div>
                <dt>{t("overview.errorId")}</dt>
                <dd className="mono wrap">
                  <Group gap={6} wrap="nowrap">
                    {visibleText(item.request_id)}
                    <CopyIcon text={item.request_id} of={t("overview.errorId")} />
                  </Group>
                </dd>
              </div>
            )}
          </dl>
        </div>
      ) : null}
    </li>
  );
}
