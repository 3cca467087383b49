import { Accordion, Badge, Box, Button, Group, SimpleGrid, Table, Text, TextInput } from "@mantine/core";
import { IconSearch, IconSend } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useCatalog } from "../../api/queries.ts";
import type { EventType } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { language } from "../../i18n/index.ts";
import { useSession } from "../../session/SessionContext.ts";
import { AudienceText, PriorityBadge, TypeName } from "../../ui/badges.tsx";
import { Code } from "../../ui/Copy.tsx";
import { Failure } from "../../ui/Failure.tsx";
import { Panel, Section } from "../../ui/Section.tsx";
import { LoadingLines, Nothing } from "../../ui/States.tsx";
import { carry } from "../send/carried.ts";
import { exampleOf } from "./example.ts";

export default function Catalog() {
  const { t } = useTranslation();
  const { whole } = useFormats();
  const { data, error, refetch } = useCatalog();
  const [search, setSearch] = useState("");
  const wanted = search.trim().toLowerCase();
  const types =
    data?.types.filter((kind) => `${kind.type} ${kind.title.es} ${kind.title.en}`.toLowerCase().includes(wanted)) ?? [];
  return (
    <Section
      title={t("catalog.title")}
      intro={t("catalog.intro")}
      actions={
        <TextInput
          aria-label={t("catalog.search")}
          placeholder={t("catalog.search")}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={search}
          w={{ base: "100%", xs: 280 }}
          onChange={(event) => {
            setSearch(event.currentTarget.value);
          }}
        />
      }
    >
      <Text size="sm" c="dimmed" role="status">
        {data === undefined ? "" : t("catalog.count", { count: types.length, formatted: whole(types.length) })}
      </Text>
      <Panel padded={false}>
        {data === undefined ? (
          error === null ? (
            <LoadingLines lines={10} />
          ) : (
            <Failure error={error} onRetry={() => void refetch()} />
          )
        ) : data.types.length === 0 ? (
          <Nothing title={t("catalog.empty")} />
        ) : types.length === 0 ? (
          <Nothing title={t("catalog.noMatch")} />
        ) : (
          <Accordion chevronPosition="left" order={2} classNames={{ item: "kind" }}>
            {types.map((kind) => (
              <Accordion.Item key={kind.type} value={kind.type}>
                <Accordion.Control>
                  <Group justify="space-between" wrap="nowrap" gap="sm">
                    <Box miw={0}>
                      <TypeName type={kind.type} />
                      <Text size="sm" c="dimmed" className="cut">
                        {kind.title[language()]}
                      </Text>
                    </Box>
                    <Group gap="xs" wrap="nowrap">
                      <Text size="sm" c="dimmed" visibleFrom="sm">
                        <AudienceText audience={kind.audience} />
                      </Text>
                      <PriorityBadge priority={kind.priority} />
                    </Group>
                  </Group>
                </Accordion.Control>
                <Accordion.Panel>
                  <Kind kind={kind} />
                </Accordion.Panel>
              </Accordion.Item>
            ))}
          </Accordion>
        )}
      </Panel>
    </Section>
  );
}

function Kind({ kind }: { kind: EventType }) {
  const { t } = useTranslation();
  const { duration } = useFormats();
  const { mayPublish } = useSession();
  const fields = Object.entries(kind.data);
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
      <Box>
        <Text mb="sm">{kind.description[language()]}</Text>
        <Table withRowBorders={false} verticalSpacing={4} mb="sm">
          <Table.Tbody>
            <Row name={t("catalog.audience")} value={<AudienceText audience={kind.audience} />} />
            <Row name={t("catalog.ttl")} value={kind.ttl === null ? t("catalog.never") : duration(kind.ttl)} />
            <Row name={t("catalog.spanish")} value={<Translated title={kind.title.es} message={kind.message.es} />} />
            <Row name={t("catalog.english")} value={<Translated title={kind.title.en} message={kind.message.en} />} />
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
          <Table verticalSpacing={6} mb="sm" aria-label={t("catalog.fields")}>
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

function Row({ name, value }: { name: string; value: React.ReactNode }) {
  return (
    <Table.Tr>
      <Table.Th w={110} fw={400} c="dimmed" style={{ verticalAlign: "top" }}>
        {name}
      </Table.Th>
      <Table.Td>{value}</Table.Td>
    </Table.Tr>
  );
}

function Translated({ title, message }: { title: string; message: string }) {
  const { t } = useTranslation();
  if (title === "" || message === "")
    return (
      <Badge color="orange" variant="outline" tt="none">
        {t("catalog.missing")}
      </Badge>
    );
  return (
    <>
      <Text size="sm" fw={600}>
        {title}
      </Text>
      <Text size="sm">{message}</Text>
    </>
  );
}
