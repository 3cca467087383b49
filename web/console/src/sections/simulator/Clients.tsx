import { ActionIcon, Badge, Group, Table, Text, Tooltip } from "@mantine/core";
import { IconHourglassLow, IconPlayerTrackNext, IconScissors, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useFormats } from "../../i18n/formats.ts";
import { Roles } from "../../ui/badges.tsx";
import { MOST_SLOW, type ClientView, type Simulation } from "./simulation.ts";

const COLORS = { connecting: "gray", connected: "green", offline: "orange", refused: "red" } as const;

interface ClientsProps {
  clients: readonly ClientView[];
  simulation: Simulation;
}

export function Clients({ clients, simulation }: ClientsProps) {
  const { t } = useTranslation();
  const isFull = clients.filter((client) => client.isSlow).length >= MOST_SLOW;
  const columns = ["client", "status", "received", "replayed", "duplicates", "missing", "latency", "actions"] as const;
  return (
    <Table.ScrollContainer
      minWidth={1000}
      maxHeight={620}
      scrollAreaProps={{ viewportProps: { tabIndex: 0, role: "region", "aria-label": t("simulator.clients") } }}
    >
      <Table aria-label={t("simulator.clients")} verticalSpacing={6} horizontalSpacing="md">
        <Table.Thead>
          <Table.Tr>
            {columns.map((column) => (
              <Table.Th key={column}>{t(`simulator.${column}`)}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {clients.map((client) => (
            <Row key={client.id} client={client} simulation={simulation} mayBeSlow={!isFull || client.isSlow} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

interface RowProps {
  client: ClientView;
  simulation: Simulation;
  mayBeSlow: boolean;
}

function Row({ client, simulation, mayBeSlow }: RowProps) {
  const { t } = useTranslation();
  const { whole, decimal } = useFormats();
  const color = COLORS[client.status];
  const slowLabel = client.isSlow ? t("simulator.unslow") : t("simulator.slow");
  return (
    <Table.Tr>
      <Table.Td>
        <Group gap={8} wrap="nowrap">
          <Text size="sm" className="mono" style={{ whiteSpace: "nowrap" }}>
            {client.name}
          </Text>
          {client.role === "" ? null : <Roles roles={[client.role]} />}
        </Group>
      </Table.Td>
      <Table.Td pe="xl">
        <Group gap={6} wrap="nowrap">
          <Badge variant="outline" color={color} tt="none" className={`outlined outlined-${color}`}>
            {t(`simulator.${client.status}`)}
          </Badge>
          <Text size="xs" c="dimmed" style={{ whiteSpace: "nowrap" }}>
            {client.transport ?? ""} {client.isSlow ? t("simulator.slowed") : ""}
          </Text>
        </Group>
      </Table.Td>
      {([client.received, client.replayed, client.duplicates, client.missing] as const).map((number, index) => (
        <Table.Td key={index} className="numbers">
          {whole(number)}
        </Table.Td>
      ))}
      <Table.Td className="numbers">{client.median === null ? "–" : `${decimal(client.median)} ms`}</Table.Td>
      <Table.Td>
        <Group gap={4} wrap="nowrap">
          <Tooltip label={t("simulator.cutHint")}>
            <ActionIcon
              variant="default"
              aria-label={`${t("simulator.cut")}: ${client.name}`}
              onClick={() => {
                simulation.cut(client.id);
              }}
            >
              <IconScissors size={16} aria-hidden />
            </ActionIcon>
          </Tooltip>
          <Tooltip label={t("simulator.slowHint")}>
            <ActionIcon
              variant="default"
              aria-label={`${slowLabel}: ${client.name}`}
              aria-pressed={client.isSlow}
              disabled={!mayBeSlow}
              onClick={() => {
                simulation.slow(client.id, !client.isSlow);
              }}
            >
              {client.isSlow ? (
                <IconPlayerTrackNext size={16} aria-hidden />
              ) : (
                <IconHourglassLow size={16} aria-hidden />
              )}
            </ActionIcon>
          </Tooltip>
          <Tooltip label={t("simulator.remove")}>
            <ActionIcon
              variant="default"
              aria-label={`${t("simulator.remove")}: ${client.name}`}
              onClick={() => {
                simulation.remove(client.id);
              }}
            >
              <IconTrash size={16} aria-hidden />
            </ActionIcon>
          </Tooltip>
        </Group>
      </Table.Td>
    </Table.Tr>
  );
}
