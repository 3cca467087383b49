import { Accordion, Text, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useCatalog } from "../../api/queries.ts";
import type { EventType } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import type { es } from "../../i18n/es.ts";
import { language } from "../../i18n/index.ts";
import { textIn } from "../../i18n/texts.ts";
import { useAddressFields } from "../../shell/address.ts";
import { plain } from "../../shell/palette/match.ts";
import { AudienceText, PriorityBadge, TypeName } from "../../ui/badges.tsx";
import { Failure } from "../../ui/Failure.tsx";
import { Panel, Section } from "../../ui/Section.tsx";
import { LoadingLines, Nothing } from "../../ui/States.tsx";
import { grouped, type TypeGroup } from "./groups.ts";
import { Kind } from "./Kind.tsx";
import "./catalog.css";

const TYPING_MS = 150;

/** The event types, by what they are about. What is looked for and what is open stand in the address. */
export default function Catalog() {
  const { t } = useTranslation();
  const { whole } = useFormats();
  const { data, error, refetch } = useCatalog();
  const [fields, setFields] = useAddressFields();
  const [search, setSearch] = useState(fields.get("q") ?? "");
  const keep = useDebouncedCallback((wanted: string) => {
    setFields({ q: wanted });
  }, TYPING_MS);
  const wanted = plain(search.trim());
  const types = data?.types.filter((kind) => plain(wordsOf(kind)).includes(wanted)) ?? [];
  return (
    <Section
      title={t("catalog.title")}
      intro={t("catalog.intro")}
      actions={
        <TextInput
          type="search"
          aria-label={t("catalog.search")}
          placeholder={t("catalog.search")}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={search}
          w={{ base: "100%", xs: 280 }}
          onChange={(event) => {
            setSearch(event.currentTarget.value);
            keep(event.currentTarget.value.trim());
          }}
        />
      }
    >
      <Text size="sm" c="dimmed" role="status">
        {data === undefined ? "" : t("catalog.count", { count: types.length, formatted: whole(types.length) })}
      </Text>
      {data === undefined ? (
        <Panel padded={false}>
          {error === null ? <LoadingLines lines={10} /> : <Failure error={error} onRetry={() => void refetch()} />}
        </Panel>
      ) : types.length === 0 ? (
        <Panel>
          <Nothing title={t(data.types.length === 0 ? "catalog.empty" : "catalog.noMatch")} />
        </Panel>
      ) : (
        grouped(types).map((group) => (
          <Group
            key={group.prefix}
            group={group}
            open={fields.get("tipo")}
            onOpen={(type) => {
              setFields({ tipo: type });
            }}
          />
        ))
      )}
    </Section>
  );
}

function wordsOf(kind: EventType): string {
  return `${kind.type} ${Object.values(kind.title).join(" ")} ${Object.keys(kind.data).join(" ")}`;
}

interface GroupProps {
  group: TypeGroup;
  open: string | null;
  onOpen: (type: string | null) => void;
}

function Group({ group, open, onOpen }: GroupProps) {
  const { t, i18n } = useTranslation();
  const { prefix, types } = group;
  const known = prefix === "" ? "other" : prefix;
  const title = i18n.exists(`catalog.groups.${known}`)
    ? t(`catalog.groups.${known as keyof (typeof es)["catalog"]["groups"]}`)
    : prefix.charAt(0).toUpperCase() + prefix.slice(1);
  return (
    <Panel title={title} padded={false}>
      <Accordion chevronPosition="left" order={3} value={open} onChange={onOpen} classNames={{ item: "kind" }}>
        {types.map((kind) => (
          <Accordion.Item key={kind.type} value={kind.type}>
            <Accordion.Control>
              <span className="kind-row">
                <TypeName type={kind.type} />
                <Text span size="sm" c="dimmed" className="cut">
                  {textIn(kind.title, language())}
                </Text>
                <Text span size="sm" c="dimmed" className="cut kind-whom">
                  <AudienceText audience={kind.audience} />
                </Text>
                <PriorityBadge priority={kind.priority} />
              </span>
            </Accordion.Control>
            <Accordion.Panel>
              <Kind kind={kind} />
            </Accordion.Panel>
          </Accordion.Item>
        ))}
      </Accordion>
    </Panel>
  );
}
