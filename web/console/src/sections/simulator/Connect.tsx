import { Button, Group, NumberInput, Select, SimpleGrid, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { IconPlugConnected, IconPlugX, IconScissors, IconUsersPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Users } from "../../api/records.ts";
import { useSession } from "../../session/SessionContext.ts";
import { identitiesOf, PRESETS, sizeOf, type Preset } from "./presets.ts";
import { MOST_CLIENTS, MOST_SLOW, type Simulation } from "./simulation.ts";
import type { ClientView } from "./view.ts";

interface ConnectProps {
  clients: readonly ClientView[];
  simulation: Simulation;
  onStop: () => void;
}

/** Brings clients in, cuts all of them, and sends them away. */
export function Connect({ clients, simulation, onStop }: ConnectProps) {
  const { t } = useTranslation();
  const { api, development } = useSession();
  const [count, setCount] = useState<number | string>(10);
  const [role, setRole] = useState("turista");
  const [prefix, setPrefix] = useState("simulado");
  const [tokens, setTokens] = useState("");
  const pasted = tokens
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const free = MOST_CLIENTS - clients.length;
  const wanted = Math.min(free, development ? Math.max(1, Number(count) || 1) : pasted.length);
  const isReady = wanted > 0;
  const connected = clients.filter((client) => client.status === "connected").length;
  const taken = new Set(clients.map((client) => client.name));

  function start() {
    if (development) {
      void add([{ count: wanted, role }]);
      return;
    }
    const identities = identitiesOf([{ count: wanted, role: "" }], t("simulator.token"), taken);
    simulation.add(identities.map((one, index) => ({ ...one, auth: { token: pasted[index] ?? "" } })));
  }

  /** Made-up people, none of them with the name of somebody who is there. */
  async function add(people: Preset["people"]) {
    const name = prefix.trim() === "" ? "simulado" : prefix.trim();
    const names = new Set(taken);
    try {
      const { users } = await api.get<Users>("/v1/users", { q: `${name}-`, limit: 100 });
      for (const { user } of users) names.add(user);
    } catch {
      // A burst asks before it reaches whoever shares a name.
    }
    simulation.add(identitiesOf(people, name, names));
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) start();
      }}
    >
      <Stack gap="sm">
        {development ? (
          <>
            <Group gap="xs" role="group" aria-label={t("simulator.presets")}>
              {PRESETS.map((preset) => (
                <Button
                  key={preset.key}
                  size="compact-sm"
                  variant="default"
                  className="preset"
                  leftSection={<IconUsersPlus size={16} aria-hidden />}
                  disabled={free < sizeOf(preset) || slowOf(preset) > MOST_SLOW - slowNow(clients)}
                  onClick={() => void add(preset.people)}
                >
                  {t(`simulator.preset.${preset.key}`)}
                </Button>
              ))}
            </Group>
            <SimpleGrid cols={{ base: 2, xs: 3 }} spacing="sm">
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
            </SimpleGrid>
          </>
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
            {clients.length === 0 ? t("simulator.start") : t("simulator.add", { count: Math.max(wanted, 1) })}
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
            disabled={clients.length === 0}
            leftSection={<IconPlugX size={18} aria-hidden />}
            onClick={onStop}
          >
            {t("simulator.stop")}
          </Button>
        </Group>
        <Text size="sm" c="dimmed">
          {t("simulator.cap", { count: MOST_CLIENTS })}
        </Text>
      </Stack>
    </form>
  );
}

function slowOf({ people }: Preset): number {
  return people.reduce((sum, { count, isSlow = false }) => sum + (isSlow ? count : 0), 0);
}

function slowNow(clients: readonly ClientView[]): number {
  return clients.filter((client) => client.isSlow).length;
}
