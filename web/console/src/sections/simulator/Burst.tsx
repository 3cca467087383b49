import { Button, Group, Modal, NumberInput, Progress, Stack, Switch, Text } from "@mantine/core";
import { IconBolt, IconPlayerStop } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { useFormats } from "../../i18n/formats.ts";
import { useSession } from "../../session/SessionContext.ts";
import { Callout } from "../../ui/Callout.tsx";
import { Reason } from "../../ui/Failure.tsx";
import { visibleText } from "../../ui/visibleText.ts";
import { preview } from "../send/reaching.ts";
import { bodyOf, MOST, MOST_PER_SECOND, type Burst as Engine, type Wanted } from "./burst.ts";
import type { Simulation } from "./simulation.ts";
import type { ClientView } from "./view.ts";
import "../send/reach.css";

/** Users that are named in the question. */
const MOST_NAMED = 12;

interface BurstProps {
  burst: Engine;
  simulation: Simulation;
  clients: readonly ClientView[];
}

/** Many notifications at once, for the simulated clients. Whoever else has one of their names is asked about before. */
export function Burst({ burst, simulation, clients }: BurstProps) {
  const { t } = useTranslation();
  const { whole } = useFormats();
  const { api, development, mayPublish } = useSession();
  const { isRunning, progress } = useSyncExternalStore(burst.subscribe, burst.getSnapshot);
  const [count, setCount] = useState<number | string>(200);
  const [rate, setRate] = useState<number | string>(50);
  const [isStored, setStored] = useState(false);
  const [asked, setAsked] = useState<{ wanted: Wanted; others: number } | null>(null);
  const users = [...new Set(clients.flatMap((client) => client.user ?? []))];
  const connected = clients.filter((client) => client.status === "connected").length;
  const check = useMutation<number, Error, Wanted>({
    mutationFn: async (wanted) => {
      const { online } = await preview(api, bodyOf(wanted, 1));
      return Math.max(0, online.sockets - simulation.connections());
    },
    onSuccess: (others, wanted) => {
      if (development && others === 0) burst.start(wanted);
      else setAsked({ wanted, others });
    },
  });
  const of = (names: readonly string[]) => ({ count: names.length, formatted: whole(names.length) });
  const isReady = connected > 0 && users.length > 0 && !check.isPending;

  if (!mayPublish) return <Text c="dimmed">{t("simulator.burstForbidden")}</Text>;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (isRunning || !isReady) return;
        check.mutate({
          count: Number(count) || 1,
          rate: Number(rate) || 1,
          message: t("simulator.burst"),
          users,
          isStored,
        });
      }}
    >
      <Stack gap="sm">
        <Group gap="sm" grow>
          <NumberInput
            label={t("simulator.burstCount")}
            min={1}
            max={MOST}
            allowDecimal={false}
            value={count}
            onChange={setCount}
          />
          <NumberInput
            label={t("simulator.burstRate")}
            min={1}
            max={MOST_PER_SECOND}
            allowDecimal={false}
            value={rate}
            onChange={setRate}
          />
        </Group>
        {development ? (
          <Switch
            label={t("simulator.burstStore")}
            description={t("simulator.burstStoreHint")}
            checked={isStored}
            onChange={(event) => {
              setStored(event.currentTarget.checked);
            }}
          />
        ) : null}
        <Group gap="sm">
          {isRunning ? (
            <Button variant="default" leftSection={<IconPlayerStop size={18} aria-hidden />} onClick={burst.stop}>
              {t("simulator.burstStop")}
            </Button>
          ) : (
            <Button
              type="submit"
              disabled={!isReady}
              loading={check.isPending}
              leftSection={<IconBolt size={18} aria-hidden />}
            >
              {t("simulator.burstSend")}
            </Button>
          )}
          <Text size="sm" c="dimmed" role="status" flex={1} miw={160}>
            {users.length === 0 || connected === 0 ? t("simulator.burstNobody") : t("simulator.burstWhom", of(users))}
          </Text>
        </Group>
        {check.error === null ? null : (
          <Callout tone="red" title={t("send.failed")}>
            <Reason error={check.error} />
          </Callout>
        )}
        {progress === null ? null : (
          <>
            <Progress value={(progress.sent / progress.count) * 100} aria-label={t("simulator.burst")} />
            <Text size="sm" className="numbers">
              {t("simulator.burstSent", { sent: whole(progress.sent), total: whole(progress.count) })}{" "}
              {progress.failed > 0 ? t("simulator.burstFailed", { count: progress.failed }) : ""}
            </Text>
          </>
        )}
      </Stack>
      <Modal
        opened={asked !== null}
        onClose={() => {
          setAsked(null);
        }}
        title={asked === null ? "" : t("simulator.askBurst", of(asked.wanted.users))}
        closeButtonProps={{ "aria-label": t("common.close") }}
        attributes={{ header: { role: "presentation" } }} // a <header> outside of <main> would be a second banner
        classNames={{ title: "asked-title" }}
        centered
      >
        {asked === null ? null : (
          <Stack gap="md">
            <Text size="sm">
              {asked.others > 0
                ? t("simulator.askOthers", { count: asked.others, formatted: whole(asked.others) })
                : t("simulator.askReal")}
            </Text>
            <Names users={asked.wanted.users} />
            <Text size="sm" c="dimmed">
              {t("simulator.askNotStored")}
            </Text>
            <Group justify="flex-end" gap="xs">
              <Button
                variant="default"
                data-autofocus
                onClick={() => {
                  setAsked(null);
                }}
              >
                {t("common.cancel")}
              </Button>
              <Button
                onClick={() => {
                  burst.start(asked.wanted);
                  setAsked(null);
                }}
              >
                {t("simulator.askYes", {
                  ...of(asked.wanted.users),
                  notifications: whole(asked.wanted.count),
                })}
              </Button>
            </Group>
          </Stack>
        )}
      </Modal>
    </form>
  );
}

function Names({ users }: { users: readonly string[] }) {
  const { t } = useTranslation();
  return (
    <ul className="who" aria-label={t("send.who")}>
      {users.slice(0, MOST_NAMED).map((user) => (
        <li key={user} className="mono cut">
          <bdi>{visibleText(user)}</bdi>
        </li>
      ))}
      {users.length > MOST_NAMED ? (
        <li className="faint">
          {t("send.others", { count: users.length - MOST_NAMED, formatted: String(users.length - MOST_NAMED) })}
        </li>
      ) : null}
    </ul>
  );
}
