import { Button, Grid, Group, NumberInput, Select, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { IconPlugConnected, IconPlugX, IconScissors } from "@tabler/icons-react";
import { useEffect, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { useFormats } from "../../i18n/formats.ts";
import { useSession } from "../../session/SessionContext.ts";
import { Panel, Section } from "../../ui/Section.tsx";
import { Nothing } from "../../ui/States.tsx";
import { Burst } from "./Burst.tsx";
import { Clients } from "./Clients.tsx";
import { Histogram } from "./Histogram.tsx";
import { createSimulation, MOST_CLIENTS, type Identity } from "./simulation.ts";

export default function Simulator() {
  const { t } = useTranslation();
  const { whole } = useFormats();
  const { development } = useSession();
  const [simulation] = useState(() => createSimulation(window.location.origin));
  const view = useSyncExternalStore(simulation.subscribe, simulation.getSnapshot);
  const [count, setCount] = useState<number | string>(10);
  const [role, setRole] = useState("turista");
  const [prefix, setPrefix] = useState("simulado");
  const [tokens, setTokens] = useState("");

  useEffect(
    () => () => {
      simulation.remove(null);
    },
    [simulation],
  );

  const pasted = tokens
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const free = MOST_CLIENTS - view.clients.length;
  const isReady = free > 0 && (development || pasted.length > 0);

  function start() {
    const wanted = Math.min(free, development ? Number(count) || 1 : pasted.length);
    const taken = new Set(view.clients.map((client) => client.name));
    const identities: Identity[] = [];
    for (let number = 1; identities.length < wanted; number += 1) {
      const name = `${prefix}-${number}`;
      const token = pasted[identities.length];
      if (taken.has(name)) continue;
      identities.push({
        name,
        role: development ? role : "",
        auth: development ? { role, user: name } : { token: token ?? "" },
      });
    }
    simulation.add(identities);
  }

  const connected = view.clients.filter((client) => client.status === "connected").length;
  const received = view.clients.reduce((sum, client) => sum + client.received, 0);
  return (
    <Section title={t("simulator.title")} intro={t("simulator.intro")}>
      <Grid gap="md" align="stretch">
        <Grid.Col span={{ base: 12, md: 6 }}>
          <Panel>
            <form
              onSubmit={(event) => {
                event.preventDefault();
                if (isReady) start();
              }}
            >
              <Stack gap="sm">
                {development ? (
                  <Group gap="sm" align="flex-end" grow>
                    <NumberInput
                      label={t("simulator.howMany")}
                      min={1}
                      max={MOST_CLIENTS}
                      allowDecimal={false}
                      value={count}
                      onChange={setCount}
                    />
                    <Select
                      label={t("simulator.role")}
                      data={["turista", "admin", "guia"]}
                      value={role}
                      allowDeselect={false}
                      onChange={(next) => {
                        setRole(next ?? "turista");
                      }}
                    />
                    <TextInput
                      label={t("simulator.prefix")}
                      value={prefix}
                      maxLength={40}
                      onChange={(event) => {
                        setPrefix(event.currentTarget.value);
                      }}
                    />
                  </Group>
                ) : (
                  <Textarea
                    label={t("simulator.tokens")}
                    description={t("simulator.tokensHint")}
                    autosize
                    minRows={3}
                    maxRows={8}
                    spellCheck={false}
                    classNames={{ input: "mono" }}
                    value={tokens}
                    onChange={(event) => {
                      setTokens(event.currentTarget.value);
                    }}
                  />
                )}
                <Group gap="xs">
                  <Button type="submit" disabled={!isReady} leftSection={<IconPlugConnected size={18} aria-hidden />}>
                    {t("simulator.start")}
                  </Button>
                  <Button
                    variant="default"
                    disabled={connected === 0}
                    leftSection={<IconScissors size={18} aria-hidden />}
                    onClick={() => {
                      simulation.cut(null);
                    }}
                  >
                    {t("simulator.cutAll")}
                  </Button>
                  <Button
                    variant="default"
                    disabled={view.clients.length === 0}
                    leftSection={<IconPlugX size={18} aria-hidden />}
                    onClick={() => {
                      simulation.remove(null);
                    }}
                  >
                    {t("simulator.stop")}
                  </Button>
                </Group>
                <Text size="sm" c="dimmed">
                  {t("simulator.cap", { count: MOST_CLIENTS })}
                </Text>
              </Stack>
            </form>
          </Panel>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 6 }}>
          <Panel title={t("simulator.burst")}>
            <Burst onPublished={simulation.expect} />
          </Panel>
        </Grid.Col>
      </Grid>
      <Panel title={t("simulator.histogram")}>
        <Histogram view={view} onReset={simulation.reset} />
      </Panel>
      <Panel
        title={t("simulator.clients")}
        padded={false}
        aside={
          <Text size="sm" c="dimmed" className="numbers" data-testid="totals">
            {t("simulator.totals", {
              connected: whole(connected),
              count: view.clients.length,
              received: whole(received),
            })}
          </Text>
        }
      >
        {view.clients.length === 0 ? (
          <Nothing title={t("simulator.empty")} text={t("simulator.emptyText")} />
        ) : (
          <Clients clients={view.clients} simulation={simulation} />
        )}
      </Panel>
    </Section>
  );
}
