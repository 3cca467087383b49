import { Anchor, Box, Button, Group, SimpleGrid, Stack, Text } from "@mantine/core";
import { IconArrowLeft, IconPlugX, IconSend } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { Disconnected, NotificationRecord, UserConnection } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { useSession } from "../../session/SessionContext.ts";
import { useAddressFields, withFields } from "../../shell/address.ts";
import { Asked } from "../../ui/Asked.tsx";
import { Roles } from "../../ui/badges.tsx";
import { Failure } from "../../ui/Failure.tsx";
import { Moment } from "../../ui/Moment.tsx";
import { PROTOCOLS } from "../../ui/protocols.ts";
import { Panel } from "../../ui/Section.tsx";
import { LoadingLines } from "../../ui/States.tsx";
import { visibleText } from "../../ui/visibleText.ts";
import { carry } from "../send/carried.ts";
import { Follows } from "./Follows.tsx";
import { Here } from "./Here.tsx";
import { Inbox } from "./Inbox.tsx";
import { useConnected, useHere } from "./useUsers.ts";

/** One user, connected or not: connections, rooms, and the inbox as that person sees it. */
export function User({ name }: { name: string }) {
  const { t } = useTranslation();
  const { mayPublish } = useSession();
  const [fields] = useAddressFields();
  const { data: connected, error, refetch } = useConnected(name);
  const here = useHere(name);
  return (
    <Stack gap="md">
      <Anchor component={Link} href={withFields("/usuarios", {}, fields.toString())} size="sm" hiddenFrom="md">
        <Group gap={6} component="span">
          <IconArrowLeft size={16} aria-hidden />
          {t("users.title")}
        </Group>
      </Anchor>
      <Panel
        title={visibleText(name)}
        aside={
          <Group gap="xs">
            {mayPublish ? (
              <Button
                size="xs"
                variant="default"
                component={Link}
                href="/enviar"
                leftSection={<IconSend size={16} aria-hidden />}
                onClick={() => {
                  carry(letterTo(name));
                }}
              >
                {t("users.write")}
              </Button>
            ) : null}
            <Disconnect name={name} />
          </Group>
        }
      >
        {here === undefined ? null : <Here here={here} />}
        {connected === undefined ? (
          error === null ? (
            <LoadingLines lines={3} />
          ) : (
            <Failure error={error} onRetry={() => void refetch()} />
          )
        ) : connected === null ? (
          here?.here === true ? (
            <Text c="dimmed" mt="sm">
              {t("users.elsewhere")}
            </Text>
          ) : null
        ) : (
          <Stack gap="sm" mt="sm">
            <Roles roles={connected.roles} />
            {connected.connections.map((connection) => (
              <Connection key={connection.id} connection={connection} />
            ))}
          </Stack>
        )}
      </Panel>
      {/* What backends do for people, and tokens that only look may not. */}
      {mayPublish ? <Follows user={name} /> : null}
      <Inbox user={name} />
    </Stack>
  );
}

function Connection({ connection }: { connection: UserConnection }) {
  const { t } = useTranslation();
  const { bytes } = useFormats();
  const rows: [string, React.ReactNode][] = [
    [t("users.protocol"), PROTOCOLS[connection.protocol]],
    [t("users.transport"), connection.transport],
    [t("users.since"), <Moment key="since" at={connection.since} full="other days" />],
    [t("users.address"), connection.address],
    [t("users.queued"), bytes(connection.queued_bytes)],
  ];
  return (
    <Box className="connection" p="sm">
      <SimpleGrid component="dl" m={0} cols={{ base: 2, xs: 3 }} spacing="xs" verticalSpacing={6}>
        {rows.map(([name, value]) => (
          <Box key={name}>
            <Text component="dt" size="xs" c="dimmed">
              {name}
            </Text>
            <Text component="dd" m={0} size="sm">
              {value}
            </Text>
          </Box>
        ))}
      </SimpleGrid>
      <Text size="sm" mt={8} className="wrap">
        <Text span c="dimmed" size="xs">
          {t("users.rooms")}{" "}
        </Text>
        <span className="mono">{connection.rooms.join("  ")}</span>
      </Text>
      {connection.client === "" ? null : (
        <Text size="xs" c="dimmed" mt={6} className="cut" title={connection.client}>
          {connection.client}
        </Text>
      )}
    </Box>
  );
}

function Disconnect({ name }: { name: string }) {
  const { t } = useTranslation();
  const { api } = useSession();
  return (
    <Asked
      label={t("users.disconnect")}
      icon={<IconPlugX size={16} aria-hidden />}
      isHarmful
      title={t("users.disconnectTitle", { user: visibleText(name) })}
      text={t("users.disconnectText")}
      yes={t("users.disconnectConfirm")}
      act={() => api.post<Disconnected>(`/v1/users/${encodeURIComponent(name)}/disconnect`)}
      done={({ disconnected }) => t("users.disconnected", { count: disconnected })}
      failed={() => t("users.disconnectFailed")}
    />
  );
}

/** An empty notification to one person, for the form. */
function letterTo(user: string): NotificationRecord {
  return {
    id: "",
    seq: 0,
    cursor: "",
    type: "test",
    title: null,
    message: "",
    data: {},
    timestamp: "",
    priority: "normal",
    link: null,
    actor: null,
    expires_at: null,
    audience: { roles: [], users: [user], topics: [], all: false, except: { users: [] } },
    source: null,
    publisher: null,
  };
}
