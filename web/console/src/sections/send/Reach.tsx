import { Group, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconUsersGroup } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ApiError, type Api } from "../../api/client.ts";
import type { AudiencePreview, PublishBody, Users } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { useSession } from "../../session/SessionContext.ts";
import { Reason } from "../../ui/Failure.tsx";

interface Reached {
  /** Known users; null where the server cannot tell. */
  users: number | null;
  online: number;
  sockets: number;
  missing: string[];
}

/** Whom the draft would reach, counted anew while it is written and as people come and go. */
export function Reach({ body }: { body: PublishBody }) {
  const { t } = useTranslation();
  const { whole, list } = useFormats();
  const { api } = useSession();
  const asked = {
    type: body.type,
    data: body.data ?? {},
    ...(body.audience === undefined ? {} : { audience: body.audience }),
  };
  const [settled] = useDebouncedValue(JSON.stringify(asked), 300);
  const { data, error } = useQuery<Reached>({
    queryKey: ["reach", settled],
    queryFn: ({ signal }) => reach(api, JSON.parse(settled) as PublishBody, signal),
    refetchInterval: 3_000,
    placeholderData: (before) => before,
  });
  return (
    <Group gap="sm" mt="md" wrap="nowrap" align="center" className="reach" role="status">
      <IconUsersGroup size={22} stroke={1.7} aria-hidden className="figure-icon" />
      <Text size="sm">
        {error !== null ? <Reason error={error} /> : data === undefined ? t("send.counting") : <Words reached={data} />}
        {data !== undefined && data.missing.length > 0 ? ` ${t("send.missing", { fields: list(data.missing) })}` : ""}
      </Text>
    </Group>
  );

  function Words({ reached }: { reached: Reached }) {
    const sockets = t("send.sockets", { count: reached.sockets, formatted: whole(reached.sockets) });
    if (reached.users === null) {
      return `${t("send.onlineOnly", { count: reached.online, formatted: whole(reached.online) })} · ${sockets}`;
    }
    const users = t("send.reaches", { count: reached.users, formatted: whole(reached.users) });
    return (
      <>
        <strong data-testid="reach">{users}</strong>
        {` · ${t("send.online", { count: reached.online, formatted: whole(reached.online) })} · ${sockets}`}
      </>
    );
  }
}

async function reach(api: Api, body: PublishBody, signal: AbortSignal): Promise<Reached> {
  try {
    const preview = await api.post<AudiencePreview>("/v1/audience/preview", body, signal);
    return {
      users: preview.users,
      online: preview.online.users,
      sockets: preview.online.sockets,
      missing: preview.missing,
    };
  } catch (error) {
    if (error instanceof ApiError && error.code === "invalid_audience")
      return { users: 0, online: 0, sockets: 0, missing: [] };
    if (!(error instanceof ApiError) || (error.status !== 404 && error.status !== 405)) throw error;
  }
  const { users } = await api.get<Users>("/v1/users", { limit: 100 }, signal);
  const audience = body.audience ?? {};
  const excepted = audience.except?.users ?? [];
  const met = users.filter(
    (one) =>
      !excepted.includes(one.user) &&
      (audience.all === true ||
        audience.users?.includes(one.user) === true ||
        one.roles.some((role) => audience.roles?.includes(role) === true)),
  );
  return {
    users: null,
    online: met.length,
    sockets: met.reduce((sum, one) => sum + one.connections.length, 0),
    missing: [],
  };
}
