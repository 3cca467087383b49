import { Anchor, Group, Text } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useGet } from "../../api/queries.ts";
import type { FollowedTopics, Followers as FollowersPage } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { withFields } from "../../shell/address.ts";
import { Failure } from "../../ui/Failure.tsx";
import { Pager } from "../../ui/Pager.tsx";
import { Panel } from "../../ui/Section.tsx";
import { LoadingLines, Nothing } from "../../ui/States.tsx";
import { visibleText } from "../../ui/visibleText.ts";
import { By } from "./Follows.tsx";

const PAGE = 50;
const REFRESH = 5_000;

/** Topics that somebody follows, with how many do; nothing where nobody follows any. */
export function Topics({ chosen }: { chosen: string | null }) {
  const { t } = useTranslation();
  const { whole } = useFormats();
  const [after, setAfter] = useState<string | null>(null);
  const { data } = useGet<FollowedTopics>(
    "/v1/followers",
    { limit: PAGE, after },
    { refetchInterval: REFRESH, keep: true },
  );
  if (data === undefined || (data.items.length === 0 && after === null)) return null;
  return (
    <Panel title={t("follow.topics")} padded={false}>
      <ul className="plain" aria-label={t("follow.topics")}>
        {data.items.map(({ topic, followers }) => (
          <li key={topic}>
            <Link
              href={withFields("/usuarios", { tema: topic })}
              className="person topic"
              aria-current={topic === chosen ? "true" : undefined}
            >
              <bdi className="cut person-name">{visibleText(topic)}</bdi>
              <span className="faint numbers">
                {t("follow.followers", { count: followers, formatted: whole(followers) })}
              </span>
            </Link>
          </li>
        ))}
      </ul>
      <Pages after={after} next={data.next_after} onTurn={setAfter} />
    </Panel>
  );
}

/** Who follows a topic, connected or not. */
export function Followers({ topic }: { topic: string }) {
  const { t } = useTranslation();
  const { whole } = useFormats();
  const [after, setAfter] = useState<string | null>(null);
  const { data, error, refetch } = useGet<FollowersPage>(
    `/v1/followers/${encodeURIComponent(topic)}`,
    { limit: PAGE, after },
    { refetchInterval: REFRESH, keep: true },
  );
  return (
    <>
      <Anchor component={Link} href="/usuarios" size="sm" hiddenFrom="md">
        <Group gap={6} component="span" mb="sm">
          <IconArrowLeft size={16} aria-hidden />
          {t("users.title")}
        </Group>
      </Anchor>
      <Panel
        title={t("follow.ofTopic", { topic: visibleText(topic) })}
        padded={false}
        aside={
          data === undefined ? null : (
            <Group gap="sm">
              <Text size="sm" c="dimmed" role="status" className="numbers">
                {t("follow.followers", { count: data.total, formatted: whole(data.total) })}
              </Text>
              <Anchor component={Link} href={withFields("/usuarios", { sigue: topic })} size="sm">
                {t("follow.hereNow")}
              </Anchor>
            </Group>
          )
        }
      >
        {data === undefined ? (
          error === null ? (
            <LoadingLines lines={4} />
          ) : (
            <Failure error={error} onRetry={() => void refetch()} />
          )
        ) : data.items.length === 0 ? (
          <Nothing title={t("follow.nobody")} />
        ) : (
          <ul className="plain follows" aria-label={t("follow.ofTopic", { topic: visibleText(topic) })}>
            {data.items.map(({ user, since, by }) => (
              <li key={user} className="follow">
                <Anchor component={Link} href={`/usuarios/${encodeURIComponent(user)}`} size="sm" className="wrap">
                  <bdi>{visibleText(user)}</bdi>
                </Anchor>
                <By by={by} since={since} />
              </li>
            ))}
          </ul>
        )}
        <Pages after={after} next={data?.next_after ?? null} onTurn={setAfter} />
      </Panel>
    </>
  );
}

interface PagesProps {
  after: string | null;
  next: string | null;
  onTurn: (after: string | null) => void;
}

function Pages({ after, next, onTurn }: PagesProps) {
  const { t } = useTranslation();
  return (
    <Pager
      p="md"
      isFirst={after === null}
      isLast={next === null}
      back={t("history.first")}
      next={t("follow.more")}
      onBack={() => {
        onTurn(null);
      }}
      onNext={() => {
        onTurn(next);
      }}
    />
  );
}
