import { Badge, Box, Button, SimpleGrid, Table, Text } from "@mantine/core";
import { IconSend } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { EventType } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { language } from "../../i18n/index.ts";
import { languagesOf, nameOfLanguage, textIn, type Texts } from "../../i18n/texts.ts";
import { useSession } from "../../session/SessionContext.ts";
import { AudienceText } from "../../ui/badges.tsx";
import { Code } from "../../ui/Copy.tsx";
import { carry } from "../send/carried.ts";
import { exampleOf } from "./example.ts";

/** All that the catalogue says of a type. */
export function Kind({ kind }: { kind: EventType }) {
  const { t } = useTranslation();
  const { duration } = useFormats();
  const { mayPublish } = useSession();
  const fields = Object.entries(kind.data);
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
      <Box>
        <Text mb="sm">{textIn(kind.description, language())}</Text>
        <Table withRowBorders={false} verticalSpacing={4} horizontalSpacing={0} mb="sm">
          <Table.Tbody>
            <Row name={t("catalog.audience")} value={<AudienceText audience={kind.audience} />} />
            <Row name={t("catalog.ttl")} value={kind.ttl === null ? t("catalog.never") : duration(kind.ttl)} />
            {languagesOf(kind.title, kind.message).map((tag) => (
              <Row
                key={tag}
                name={nameOfLanguage(tag, language())}
                value={<Translated title={kind.title} message={kind.message} tag={tag} />}
              />
            ))}
          </Table.Tbody>
        </Table>
        {mayPublish ? (
          <Button
            component={Link}
            href={`/enviar/${kind.type}`}
            size="xs"
            leftSection={<IconSend size={16} aria-hidden />}
            onClick={() => {
              carry(null);
            }}
          >
            {t("catalog.tryIt")}
          </Button>
        ) : null}
      </Box>
      <Box miw={0}>
        {fields.length === 0 ? (
          <Text c="dimmed" mb="sm">
            {t("catalog.noFields")}
          </Text>
        ) : (
          <Table verticalSpacing={6} horizontalSpacing={0} mb="sm" aria-label={t("catalog.fields")}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t("catalog.field")}</Table.Th>
                <Table.Th>{t("catalog.kind")}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {fields.map(([name, field]) => (
                <Table.Tr key={name}>
                  <Table.Td className="mono">{name}</Table.Td>
                  <Table.Td>{t(`catalog.kinds.${field}`)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )}
        <Text size="sm" fw={600} mb={6}>
          {t("catalog.example")}
        </Text>
        <Code text={JSON.stringify(exampleOf(kind), null, 2)} label={t("catalog.example")} />
      </Box>
    </SimpleGrid>
  );
}

function Row({ name, value }: { name: string; value: ReactNode }) {
  return (
    <Table.Tr>
      <Table.Th w={110} fw={400} c="dimmed" style={{ verticalAlign: "top" }}>
        {name}
      </Table.Th>
      <Table.Td>{value}</Table.Td>
    </Table.Tr>
  );
}

function Translated({ title, message, tag }: { title: Texts; message: Texts; tag: string }) {
  const { t } = useTranslation();
  if (title[tag] === undefined || message[tag] === undefined)
    return (
      <Badge color="orange" variant="outline" tt="none" className="outlined outlined-orange">
        {t("catalog.missing")}
      </Badge>
    );
  return (
    <>
      <Text size="sm" fw={600}>
        {title[tag]}
      </Text>
      <Text size="sm">{message[tag]}</Text>
    </>
  );
}
