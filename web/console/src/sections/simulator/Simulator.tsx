import { Grid, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormats } from "../../i18n/formats.ts";
import { useSession } from "../../session/SessionContext.ts";
import { here } from "../../shell/here.ts";
import { Panel, Section } from "../../ui/Section.tsx";
import { Nothing } from "../../ui/States.tsx";
import { Burst } from "./Burst.tsx";
import { createBurst } from "./burst.ts";
import { Clients } from "./Clients.tsx";
import { Connect } from "./Connect.tsx";
import { Histogram } from "./Histogram.tsx";
import { createSimulation } from "./simulation.ts";
import { useRunning, useSimulationView } from "./SimulationContext.ts";
import "./simulator.css";

export default function Simulator() {
  const { t } = useTranslation();
  const { whole } = useFormats();
  const { api } = useSession();
  const running = useRunning();
  const view = useSimulationView();
  const [{ simulation, burst }] = useState(() =>
    running.ensure(() => {
      const made = createSimulation(here());
      return { simulation: made, burst: createBurst(api, made) };
    }),
  );
  const connected = view.clients.filter((client) => client.status === "connected").length;
  const received = view.clients.reduce((sum, client) => sum + client.received, 0);
  return (
    <Section title={t("simulator.title")} intro={t("simulator.intro")}>
      <Grid gap="md" align="stretch">
        <Grid.Col span={{ base: 12, md: 6 }}>
          <Panel title={t("simulator.people")}>
            <Connect clients={view.clients} simulation={simulation} onStop={running.stop} />
          </Panel>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 6 }}>
          <Panel title={t("simulator.burst")}>
            <Burst burst={burst} simulation={simulation} clients={view.clients} />
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
