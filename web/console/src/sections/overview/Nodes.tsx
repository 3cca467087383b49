import { Table, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useGet } from "../../api/queries.ts";
import type { ServerNode, ServerNodes } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { Panel } from "../../ui/Section.tsx";
import { visibleText } from "../../ui/visibleText.ts";

/** The nodes that share the log. Where there is one, the line below says all that there is to say of it. */
export function Nodes() {
  const { t } = useTranslation();
  const { data } = useGet<ServerNodes>("/v1/nodes", {}, { refetchInterval: 2_000, keep: true });
  const nodes = data?.items ?? [];
  if (nodes.length < 2) return null;
  return (
    <Panel title={t("overview.nodes")} padded={false}>
      <Table.ScrollContainer minWidth={480}>
        <Table aria-label={t("overview.nodes")} verticalSpacing={6}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("overview.nodeName")}</Table.Th>
              <Table.Th>{t("overview.version")}</Table.Th>
              <Table.Th ta="end">{t("overview.uptime")}</Table.Th>
              <Table.Th ta="end">{t("overview.connections")}</Table.Th>
              <Table.Th ta="end">{t("overview.lag")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {nodes.map((node) => (
              <Row key={node.name} node={node} />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Panel>
  );
}

function Row({ node }: { node: ServerNode }) {
  const { t } = useTranslation();
  const { whole, duration } = useFormats();
  return (
    <Table.Tr>
      <Table.Td>
        <Text span size="sm">
          {visibleText(node.name)}
        </Text>
        {node.answers ? (
          <Text span size="xs" c="dimmed">
            {" "}
            {t("overview.answersHere")}
          </Text>
        ) : null}
      </Table.Td>
      <Table.Td>{visibleText(node.version)}</Table.Td>
      <Table.Td ta="end" className="numbers">
        {node.draining ? t("overview.draining") : duration(node.uptime)}
      </Table.Td>
      <Table.Td ta="end" className="numbers">
        {whole(node.connections)}
      </Table.Td>
      <Table.Td ta="end" className="numbers">
        {node.lag === 0 ? t("overview.upToDate") : whole(node.lag)}
      </Table.Td>
    </Table.Tr>
  );
}
