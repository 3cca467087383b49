import { Anchor, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useGet } from "../../api/queries.ts";
import type { UserTopics } from "../../api/records.ts";
import { withFields } from "../../shell/address.ts";
import { Failure } from "../../ui/Failure.tsx";
import { Moment } from "../../ui/Moment.tsx";
import { Panel } from "../../ui/Section.tsx";
import { LoadingLines } from "../../ui/States.tsx";
import { visibleText } from "../../ui/visibleText.ts";

const REFRESH = 3_000;

/** The topics that a user follows, since when, and by whose wish. */
export function Follows({ user }: { user: string }) {
  const { t } = useTranslation();
  const { data, error, refetch } = useGet<UserTopics>(
    `/v1/users/${encodeURIComponent(user)}/topics`,
    {},
    { refetchInterval: REFRESH },
  );
  return (
    <Panel title={t("follow.of")} padded={data === undefined || data.items.length === 0}>
      {data === undefined ? (
        error === null ? (
          <LoadingLines lines={2} />
        ) : (
          <Failure error={error} onRetry={() => void refetch()} />
        )
      ) : data.items.length === 0 ? (
        <Text c="dimmed">{t("follow.none")}</Text>
      ) : (
        <ul className="plain follows" aria-label={t("follow.of")}>
          {data.items.map(({ topic, since, by }) => (
            <li key={topic} className="follow">
              <Anchor component={Link} href={withFields("/usuarios", { tema: topic })} size="sm" className="wrap">
                <bdi>{visibleText(topic)}</bdi>
              </Anchor>
              <By by={by} since={since} />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

/** By whose wish somebody follows something, and since when. */
export function By({ by, since }: { by: "user" | "backend"; since: string }) {
  const { t } = useTranslation();
  return (
    <Text component="span" size="xs" c="dimmed">
      {t(by === "user" ? "follow.byUser" : "follow.byBackend")}
      {" · "}
      <Moment at={since} full="other days" />
    </Text>
  );
}
