import { Button, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconUserSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useGet } from "../../api/queries.ts";
import type { FollowedTopics } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { useSampler } from "../../live/LiveContext.ts";
import { navigate, useAddressFields, withFields } from "../../shell/address.ts";
import { Roles } from "../../ui/badges.tsx";
import { Failure } from "../../ui/Failure.tsx";
import { Moment } from "../../ui/Moment.tsx";
import { Pager } from "../../ui/Pager.tsx";
import { LoadingLines, Nothing } from "../../ui/States.tsx";
import { visibleText } from "../../ui/visibleText.ts";
import { Here } from "./Here.tsx";
import { Nameless } from "./Nameless.tsx";
import { useHere, useNameless, usePeople, type Person } from "./useUsers.ts";

const TYPING_MS = 200;

/** Topics that are offered; any other comes by the address. */
const MOST_TOPICS = 50;

/** What the list is narrowed to, in the address, so that it is still there when one comes back from a user. */
function useNarrowing() {
  const [fields, setFields] = useAddressFields();
  return {
    q: fields.get("q") ?? "",
    role: fields.get("rol"),
    topic: fields.get("sigue"),
    after: fields.get("desde"),
    setFields,
  };
}

/** The way to a user that keeps what the list is narrowed to. */
function useWayTo(): (user: string) => string {
  const [fields] = useAddressFields();
  return (user) => withFields(`/usuarios/${encodeURIComponent(user)}`, {}, fields.toString());
}

/** Who is here: found by name, by role or by topic, since when, and on how many connections. */
export function People({ chosen }: { chosen: string | null }) {
  const { t } = useTranslation();
  const { whole } = useFormats();
  const { q, role, topic, after, setFields } = useNarrowing();
  const { people: data, error, retry } = usePeople({ q, role, topic, after });
  const nameless = useNameless();
  const next = data?.next ?? null;
  const isNarrowed = q !== "" || role !== null || topic !== null;

  let list;
  if (data === undefined) {
    list = error === null ? <LoadingLines lines={8} /> : <Failure error={error} onRetry={retry} />;
  } else if (data.people.length > 0) {
    list = <List people={data.people} chosen={chosen} />;
  } else if (isNarrowed) {
    list = <NoMatch q={q} />;
  } else {
    list = (
      <Nothing title={t("users.empty")} text={t("users.emptyText")}>
        <Button variant="default" component={Link} href="/simulador">
          {t("users.openSimulator")}
        </Button>
      </Nothing>
    );
  }

  return (
    <>
      <Fields />
      <Text size="sm" c="dimmed" px="md" pb="xs" role="status">
        {data === undefined
          ? ""
          : t(q === "" ? "users.count" : "users.found", { count: data.total, formatted: whole(data.total) })}
      </Text>
      {list}
      <Pager
        p="md"
        isFirst={after === null}
        isLast={next === null}
        back={t("history.first")}
        next={t("users.more")}
        onBack={() => {
          setFields({ desde: null });
        }}
        onNext={() => {
          setFields({ desde: next }, { replace: false });
        }}
      />
      {isNarrowed ? null : <Nameless connections={nameless?.nameless ?? []} total={nameless?.nameless_total ?? 0} />}
    </>
  );
}

/** A name, a role, a topic: the server takes a topic alone, so that it takes the place of the other two. */
function Fields() {
  const { t } = useTranslation();
  const wayTo = useWayTo();
  const { q, role, topic, setFields } = useNarrowing();
  const [text, setText] = useState(q);
  const search = useDebouncedCallback((wanted: string) => {
    setFields({ q: wanted, desde: null, ...(wanted !== "" && { sigue: null }) });
  }, TYPING_MS);
  const { stats } = useSampler();
  const roles = Object.keys(stats?.connections.by_role ?? {}).filter((one) => one !== "none");
  if (role !== null && !roles.includes(role)) roles.push(role);
  const { data: followed } = useGet<FollowedTopics>("/v1/followers", { limit: MOST_TOPICS, after: null });
  const topics = followed?.items.map((one) => one.topic) ?? [];
  if (topic !== null && !topics.includes(topic)) topics.push(topic);
  return (
    <Group gap="sm" p="md" pb="xs">
      <TextInput
        flex="2 1 160px"
        type="search"
        aria-label={t("users.search")}
        placeholder={t("users.search")}
        leftSection={<IconUserSearch size={16} aria-hidden />}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          search(event.currentTarget.value.trim());
        }}
        onKeyDown={(event) => {
          // Who is away is in no list, and has an inbox all the same.
          if (event.key === "Enter" && text.trim() !== "") navigate(wayTo(text.trim()));
        }}
      />
      <Select
        flex="1 1 130px"
        aria-label={t("users.byRole")}
        placeholder={t("live.allRoles")}
        data={roles}
        value={role}
        clearable
        onChange={(wanted) => {
          setFields({ rol: wanted, desde: null, ...(wanted !== null && { sigue: null }) });
        }}
      />
      {topics.length === 0 ? null : (
        <Select
          flex="1 1 130px"
          aria-label={t("users.byTopic")}
          placeholder={t("users.allTopics")}
          data={topics.map((one) => ({ value: one, label: visibleText(one) }))}
          value={topic}
          clearable
          searchable
          onChange={(wanted) => {
            if (wanted !== null) setText("");
            setFields({ sigue: wanted, desde: null, ...(wanted !== null && { q: null, rol: null }) });
          }}
        />
      )}
    </Group>
  );
}

/** Nobody who is here: one who is away may be meant, and was seen when. */
function NoMatch({ q }: { q: string }) {
  const { t } = useTranslation();
  const wayTo = useWayTo();
  const here = useHere(q, q !== "");
  return (
    <Nothing title={t("users.noMatch")} text={t("users.noMatchText")}>
      {q === "" ? null : (
        <Stack align="center" gap="sm">
          {here == null ? null : <Here here={here} />}
          <Button variant="default" size="xs" component={Link} href={wayTo(q)}>
            {t("users.find", { user: visibleText(q) })}
          </Button>
        </Stack>
      )}
    </Nothing>
  );
}

function List({ people, chosen }: { people: readonly Person[]; chosen: string | null }) {
  const { t } = useTranslation();
  const { whole } = useFormats();
  const wayTo = useWayTo();
  return (
    <ul className="plain people" aria-label={t("users.list")}>
      {people.map(({ user, roles, connections, since }) => (
        <li key={user}>
          <Link href={wayTo(user)} className="person" aria-current={user === chosen ? "true" : undefined}>
            <span className="person-who">
              <bdi className="cut person-name">{visibleText(user)}</bdi>
              <span className="faint numbers person-since">
                {since === null ? null : (
                  <>
                    {t("users.hereSince")} <Moment at={since} full="other days" />
                    {" · "}
                  </>
                )}
                {t("users.connections", { count: connections, formatted: whole(connections) })}
              </span>
            </span>
            <Roles roles={roles} />
          </Link>
        </li>
      ))}
    </ul>
  );
}
