import { Button, Grid, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconMapQuestion, IconUser, IconUserSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "wouter";
import type { ConnectedUser } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { useSampler } from "../../live/LiveContext.ts";
import { decoded, navigate, useAddressFields, withFields } from "../../shell/address.ts";
import { Roles } from "../../ui/badges.tsx";
import { Failure } from "../../ui/Failure.tsx";
import { Pager } from "../../ui/Pager.tsx";
import { Panel, Section } from "../../ui/Section.tsx";
import { LoadingLines, Nothing } from "../../ui/States.tsx";
import { visibleText } from "../../ui/visibleText.ts";
import { Nameless } from "./Nameless.tsx";
import { Followers, Topics } from "./Topics.tsx";
import { User } from "./User.tsx";
import { useUsers } from "./useUsers.ts";
import "./users.css";

const TYPING_MS = 200;

/** What the list is narrowed to, in the address, so that it is still there when one comes back from a user. */
function useNarrowing() {
  const [fields, setFields] = useAddressFields();
  return { q: fields.get("q") ?? "", role: fields.get("rol"), after: fields.get("desde"), setFields };
}

/** The way to a user that keeps what the list is narrowed to. */
function useWayTo(): (user: string) => string {
  const [fields] = useAddressFields();
  return (user) => withFields(`/usuarios/${encodeURIComponent(user)}`, {}, fields.toString());
}

export default function Users() {
  const { t } = useTranslation();
  const parameters = useParams<{ user?: string }>();
  const chosen = parameters.user === undefined ? undefined : decoded(parameters.user);

  const [fields] = useAddressFields();
  const topic = chosen === undefined ? fields.get("tema") : null;
  const isList = chosen === undefined && topic === null;

  return (
    <Section title={t("users.title")} intro={t("users.intro")}>
      <Grid gap="md">
        <Grid.Col span={{ base: 12, md: 5 }} {...(isList ? {} : { visibleFrom: "md" })}>
          <Stack gap="md">
            <Panel padded={false}>
              <People chosen={chosen ?? null} />
            </Panel>
            <Topics chosen={topic} />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 7 }} {...(isList ? { visibleFrom: "md" } : {})}>
          {topic !== null ? (
            <Followers key={topic} topic={topic} />
          ) : chosen === undefined ? (
            <Panel>
              <Nothing title={t("users.choose")} text={t("users.chooseText")} icon={<IconUser aria-hidden />} />
            </Panel>
          ) : chosen === null ? (
            <Panel>
              <Nothing
                title={t("address.broken")}
                text={t("address.brokenText")}
                icon={<IconMapQuestion aria-hidden />}
              />
            </Panel>
          ) : (
            <User key={chosen} name={chosen} />
          )}
        </Grid.Col>
      </Grid>
    </Section>
  );
}

function People({ chosen }: { chosen: string | null }) {
  const { t } = useTranslation();
  const { whole } = useFormats();
  const wayTo = useWayTo();
  const { q, role, after, setFields } = useNarrowing();
  const [text, setText] = useState(q);
  const search = useDebouncedCallback((wanted: string) => {
    setFields({ q: wanted, desde: null });
  }, TYPING_MS);
  const { stats } = useSampler();
  const { data, error, refetch } = useUsers({ q, role, after });
  const next = data?.next_after ?? null;
  const roles = Object.keys(stats?.connections.by_role ?? {}).filter((one) => one !== "none");
  if (role !== null && !roles.includes(role)) roles.push(role);
  const shown = data?.users ?? [];

  let list;
  if (data === undefined) {
    list = error === null ? <LoadingLines lines={8} /> : <Failure error={error} onRetry={() => void refetch()} />;
  } else if (shown.length > 0) {
    list = <List users={shown} chosen={chosen} />;
  } else if (q === "" && role === null) {
    list = (
      <Nothing title={t("users.empty")} text={t("users.emptyText")}>
        <Button variant="default" component={Link} href="/simulador">
          {t("users.openSimulator")}
        </Button>
      </Nothing>
    );
  } else {
    list = (
      <Nothing title={t("users.noMatch")} text={t("users.noMatchText")}>
        {q === "" ? null : (
          <Button variant="default" size="xs" component={Link} href={wayTo(q)}>
            {t("users.find", { user: visibleText(q) })}
          </Button>
        )}
      </Nothing>
    );
  }

  return (
    <>
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
            // Who is offline is in no list, and has an inbox all the same.
            if (event.key === "Enter" && text.trim() !== "") navigate(wayTo(text.trim()));
          }}
        />
        <Select
          flex="1 1 150px"
          aria-label={t("users.byRole")}
          placeholder={t("live.allRoles")}
          data={roles}
          value={role}
          clearable
          onChange={(chosenRole) => {
            setFields({ rol: chosenRole, desde: null });
          }}
        />
      </Group>
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
      {q === "" && role === null ? (
        <Nameless connections={data?.nameless ?? []} total={data?.nameless_total ?? 0} />
      ) : null}
    </>
  );
}

function List({ users, chosen }: { users: ConnectedUser[]; chosen: string | null }) {
  const { t } = useTranslation();
  const { whole } = useFormats();
  const wayTo = useWayTo();
  return (
    <ul className="plain people" aria-label={t("users.list")}>
      {users.map((one) => (
        <li key={one.user}>
          <Link href={wayTo(one.user)} className="person" aria-current={one.user === chosen ? "true" : undefined}>
            <span className="cut person-name">{visibleText(one.user)}</span>
            <Roles roles={one.roles} />
            <span className="faint numbers">
              {t("users.connections", { count: one.connections.length, formatted: whole(one.connections.length) })}
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
