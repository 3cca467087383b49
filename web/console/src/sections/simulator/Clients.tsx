import { ActionIcon, Badge, Button, Group, Table, Text, Tooltip } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconHourglassLow, IconPlayerTrackNext, IconScissors, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useFormats } from "../../i18n/formats.ts";
import { Roles } from "../../ui/badges.tsx";
import { visibleText } from "../../ui/visibleText.ts";
import { MOST_SLOW, type Simulation } from "./simulation.ts";
import type { ClientView } from "./view.ts";

const COLORS = { connecting: "gray", connected: "green", offline: "orange", refused: "red" } as const;

interface ClientsProps {
  clients: readonly ClientView[];
  simulation: Simulation;
}

interface ClientProps {
  client: ClientView;
  simulation: Simulation;
  mayBeSlow: boolean;
}

/** The clients, a line each; where there is no room for lines, a card each. */
export function Clients({ clients, simulation }: ClientsProps) {
  const { t } = useTranslation();
  const isNarrow = useMediaQuery("(max-width: 75em)");
  const isFull = clients.filter((client) => client.isSlow).length >= MOST_SLOW;
  const all = clients.map((client) => ({ client, simulation, mayBeSlow: !isFull || client.isSlow }));
  if (isNarrow) {
    return (
      <ul className="plain cards" aria-label={t("simulator.clients")}>
        {all.map((one) => (
          <Card key={one.client.id} {...one} />
        ))}
      </ul>
    );
  }
  const columns = ["client", "status", "received", "replayed", "duplicates", "missing", "latency", "actions"] as const;
  return (
    <Table.ScrollContainer
      minWidth={960}
      maxHeight={620}
      scrollAreaProps={{ viewportProps: { tabIndex: 0, role: "group", "aria-label": t("simulator.clients") } }}
    >
      <Table aria-label={t("simulator.clients")} verticalSpacing={6} horizontalSpacing="sm" stickyHeader>
        <Table.Thead>
          <Table.Tr>
            {columns.map((column) => (
              <Table.Th key={column}>{t(`simulator.${column}`)}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {all.map((one) => (
            <Row key={one.client.id} {...one} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

/** The numbers of a client by the names of their columns. */
function useFigures(client: ClientView) {
  const { t } = useTranslation();
  const { whole, decimal } = useFormats();
  return {
    received: whole(client.received),
    replayed: whole(client.replayed),
    duplicates: whole(client.duplicates),
    missing: whole(client.missing),
    latency: client.median === null ? "–" : `${decimal(client.median)} ms`,
    away: client.away === 0 ? "" : t("simulator.away", { count: client.away, formatted: whole(client.away) }),
  };
}

function Row({ client, simulation, mayBeSlow }: ClientProps) {
  const figures = useFigures(client);
  return (
    <Table.Tr>
      <Table.Td>
        <Name client={client} />
      </Table.Td>
      <Table.Td>
        <Status client={client} />
      </Table.Td>
      {([figures.received, figures.replayed, figures.duplicates] as const).map((figure, index) => (
        <Table.Td key={index} className="numbers">
          {figure}
        </Table.Td>
      ))}
      <Table.Td className="numbers">
        <span className={client.missing > 0 ? "wrong" : ""}>{figures.missing}</span>
      </Table.Td>
      <Table.Td className="numbers moment">{figures.latency}</Table.Td>
      <Table.Td>
        <Actions client={client} simulation={simulation} mayBeSlow={mayBeSlow} />
      </Table.Td>
    </Table.Tr>
  );
}

function Card({ client, simulation, mayBeSlow }: ClientProps) {
  const { t } = useTranslation();
  const figures = useFigures(client);
  return (
    <li className="card">
      <Group justify="space-between" gap="xs">
        <Name client={client} />
        <Status client={client} />
      </Group>
      <dl className="card-figures numbers">
        {(["received", "replayed", "duplicates", "missing", "latency"] as const).map((name) => (
          <div key={name}>
            <dt>{t(`simulator.${name}`)}</dt>
            <dd className={name === "missing" && client.missing > 0 ? "wrong" : ""}>{figures[name]}</dd>
          </div>
        ))}
      </dl>
      <Actions client={client} simulation={simulation} mayBeSlow={mayBeSlow} />
    </li>
  );
}

/** Whose token it is, once that is known. */
function nameOf({ user, name }: ClientView): string {
  return visibleText(user ?? name);
}

function Name({ client }: { client: ClientView }) {
  const name = nameOf(client);
  return (
    <Group gap={8} wrap="nowrap" miw={0}>
      <Text size="sm" className="mono cut" title={name}>
        {name}
      </Text>
      {client.role === "" ? null : <Roles roles={[client.role]} />}
    </Group>
  );
}

function Status({ client }: { client: ClientView }) {
  const { t } = useTranslation();
  const { away } = useFigures(client);
  const color = COLORS[client.status];
  return (
    <Group gap={6}>
      <Badge variant="outline" color={color} tt="none" className={`outlined outlined-${color}`}>
        {t(`simulator.${client.status}`)}
      </Badge>
      {client.isSlow ? (
        <Text size="xs" c="dimmed">
          {t("simulator.slowed")}
        </Text>
      ) : null}
      {away === "" ? null : (
        <Text size="xs" c="dimmed">
          {away}
        </Text>
      )}
    </Group>
  );
}

function Actions({ client, simulation, mayBeSlow }: ClientProps) {
  const { t } = useTranslation();
  const name = nameOf(client);
  const slowLabel = client.isSlow ? t("simulator.unslow") : t("simulator.slow");
  return (
    <Group gap={4} wrap="nowrap">
      <Tooltip label={t("simulator.cutHint")} multiline maw={260}>
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconScissors size={14} aria-hidden />}
          aria-label={`${t("simulator.cut")}: ${name}`}
          onClick={() => {
            simulation.cut(client.id);
          }}
        >
          {t("simulator.cut")}
        </Button>
      </Tooltip>
      <Tooltip label={t("simulator.slowHint")} multiline maw={260}>
        <Button
          size="compact-sm"
          variant="default"
          leftSection={
            client.isSlow ? <IconPlayerTrackNext size={14} aria-hidden /> : <IconHourglassLow size={14} aria-hidden />
          }
          aria-label={`${slowLabel}: ${name}`}
          disabled={!mayBeSlow}
          onClick={() => {
            simulation.slow(client.id, !client.isSlow);
          }}
        >
          {slowLabel}
        </Button>
      </Tooltip>
      <Tooltip label={t("simulator.remove")}>
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={`${t("simulator.remove")}: ${name}`}
          onClick={() => {
            simulation.remove(client.id);
          }}
        >
          <IconTrash size={16} aria-hidden />
        </ActionIcon>
      </Tooltip>
    </Group>
  );
}
