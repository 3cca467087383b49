import { Box, Button, Grid, Group, Select, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconUserSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation, useParams } from "wouter";
import { useGet } from "../../api/queries.ts";
import type { ConnectedUser, Users as UsersReply } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { useSampler } from "../../live/LiveContext.ts";
import { Roles } from "../../ui/badges.tsx";
import { Failure } from "../../ui/Failure.tsx";
import { Pager } from "../../ui/Pager.tsx";
import { Panel, Section } from "../../ui/Section.tsx";
import { LoadingLines, Nothing } from "../../ui/States.tsx";
import { Nameless } from "./Nameless.tsx";
import { User } from "./User.tsx";

const PAGE = 100;
const REFRESH = 2_000;

export default function Users() {
  const { t } = useTranslation();
  const { whole } = useFormats();
  const [, navigate] = useLocation();
  const parameters = useParams<{ user?: string }>();
  const chosen = parameters.user === undefined ? null : decodeURIComponent(parameters.user);
  const [role, setRole] = useState<string | null>(null);
  const [text, setText] = useState("");
  const [search] = useDebouncedValue(text.trim().toLowerCase(), 150);
  const [after, setAfter] = useState<string | null>(null);
  const { stats } = useSampler();
  const { data, error, refetch } = useGet<UsersReply>(
    "/v1/users",
    { role, limit: PAGE, after },
    { refetchInterval: REFRESH, keep: true },
  );
  const next = data?.next_after ?? null;
  const roles = Object.keys(stats?.connections.by_role ?? {}).filter((one) => one !== "none");
  const shown = data?.users.filter((one) => one.user.toLowerCase().includes(search)) ?? [];

  let list;
  if (data === undefined) {
    list = error === null ? <LoadingLines lines={8} /> : <Failure error={error} onRetry={() => void refetch()} />;
  } else if (shown.length > 0) {
    list = <List users={shown} chosen={chosen} />;
  } else if (search === "" && role === null) {
    list = (
      <Nothing title={t("users.empty")} text={t("users.emptyText")}>
        <Button variant="default" component={Link} href="/simulador">
          {t("users.openSimulator")}
        </Button>
      </Nothing>
    );
  } else {
    list = <Nothing title={t("users.noMatch")} />;
  }

  return (
    <Section title={t("users.title")} intro={t("users.intro")}>
      <Grid gap="md">
        <Grid.Col span={{ base: 12, md: 5 }} {...(chosen === null ? {} : { visibleFrom: "md" })}>
          <Panel padded={false}>
            <Group gap="sm" p="md">
              <TextInput
                flex="2 1 160px"
                aria-label={t("users.search")}
                placeholder={t("users.search")}
                leftSection={<IconUserSearch size={16} aria-hidden />}
                value={text}
                onChange={(event) => {
                  setText(event.currentTarget.value);
                }}
                onKeyDown={(event) => {
                  // Who is offline is in no list, and has an inbox all the same.
                  if (event.key === "Enter" && text.trim() !== "")
                    navigate(`/usuarios/${encodeURIComponent(text.trim())}`);
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
                  setRole(chosenRole);
                  setAfter(null);
                }}
              />
            </Group>
            <Text size="sm" c="dimmed" px="md" pb="xs" role="status">
              {data === undefined ? "" : t("users.count", { count: data.total, formatted: whole(data.total) })}
            </Text>
            {list}
            {search !== "" && shown.every((one) => one.user !== text.trim()) ? (
              <Box p="md">
                <Button
                  size="xs"
                  variant="default"
                  component={Link}
                  href={`/usuarios/${encodeURIComponent(text.trim())}`}
                >
                  {t("users.find")}
                </Button>
              </Box>
            ) : null}
            <Pager
              p="md"
              isFirst={after === null}
              isLast={next === null}
              back={t("history.first")}
              next={t("users.more")}
              onBack={() => {
                setAfter(null);
              }}
              onNext={() => {
                setAfter(next);
              }}
            />
            <Nameless connections={data?.nameless ?? []} />
          </Panel>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 7 }}>
          {chosen === null ? null : (
            <User key={chosen} name={chosen} connected={data?.users.find((one) => one.user === chosen)} />
          )}
        </Grid.Col>
      </Grid>
    </Section>
  );
}

function List({ users, chosen }: { users: ConnectedUser[]; chosen: string | null }) {
  const { t } = useTranslation();
  const { whole } = useFormats();
  return (
    <ul className="plain people" aria-label={t("users.list")}>
      {users.map((one) => (
        <li key={one.user}>
          <Link
            href={`/usuarios/${encodeURIComponent(one.user)}`}
            className="person"
            aria-current={one.user === chosen ? "true" : undefined}
          >
            <span className="cut person-name">{one.user}</span>
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
