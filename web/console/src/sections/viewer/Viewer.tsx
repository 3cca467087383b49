import { Anchor, Group, Stack, Text, TextInput } from "@mantine/core";
import { IconExternalLink, IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "wouter";
import { useGet } from "../../api/queries.ts";
import type { es } from "../../i18n/es.ts";
import { here } from "../../shell/here.ts";
import { best } from "../../shell/palette/match.ts";
import { Code } from "../../ui/Copy.tsx";
import { Failure } from "../../ui/Failure.tsx";
import { Panel, Section } from "../../ui/Section.tsx";
import { LoadingLines, Nothing } from "../../ui/States.tsx";
import { operationsOf, type OpenApi, type Operation } from "./openapi.ts";
import { Method, OperationView, summaryOf } from "./OperationView.tsx";
import "./viewer.css";

/** The reference of the HTTP interface, from the document that this very server serves. */
export default function Viewer() {
  const { t } = useTranslation();
  const { data, error, refetch } = useGet<OpenApi>("/openapi.json", {}, { staleTime: Infinity });
  return (
    <Section
      title={t("viewer.title")}
      intro={t("viewer.intro")}
      actions={
        <Group gap="lg">
          <Out href="./docs" text={t("viewer.swagger")} />
          <Out href="./openapi.json" text={t("viewer.document")} />
        </Group>
      }
    >
      {data === undefined ? (
        <Panel padded={false}>
          {error === null ? <LoadingLines lines={10} /> : <Failure error={error} onRetry={() => void refetch()} />}
        </Panel>
      ) : (
        <Reference document={data} />
      )}
    </Section>
  );
}

function Reference({ document }: { document: OpenApi }) {
  const { t } = useTranslation();
  const { operation: wanted } = useParams<{ operation?: string }>();
  const operations = operationsOf(document);
  const shown = operations.find(({ id }) => id === wanted);
  return (
    <div className="reference" data-chosen={wanted !== undefined}>
      <Contents operations={operations} chosen={wanted} />
      <div className="reference-body">
        {wanted === undefined ? (
          <Start />
        ) : shown === undefined ? (
          <Panel>
            <Nothing title={t("reference.unknown")}>
              <Anchor component={Link} href="/api">
                {t("reference.all")}
              </Anchor>
            </Nothing>
          </Panel>
        ) : (
          <OperationView document={document} operation={shown} />
        )}
      </div>
    </div>
  );
}

function Contents({ operations, chosen }: { operations: Operation[]; chosen: string | undefined }) {
  const { t, i18n } = useTranslation();
  const [search, setSearch] = useState("");
  const wordsOf = (one: Operation) => `${one.path} ${one.method} ${summaryOf(one)} ${one.summary}`;
  const found = new Set(best(search, operations, wordsOf, operations.length));
  const tags = [...new Set(operations.map(({ tag }) => tag))];
  const titleOf = (tag: string) =>
    i18n.exists(`reference.tags.${tag}`) ? t(`reference.tags.${tag as keyof (typeof es)["reference"]["tags"]}`) : tag;
  return (
    <div className="panel reference-contents">
      <TextInput
        m="sm"
        type="search"
        aria-label={t("reference.search")}
        placeholder={t("reference.search")}
        leftSection={<IconSearch size={16} aria-hidden />}
        value={search}
        onChange={(event) => {
          setSearch(event.currentTarget.value);
        }}
      />
      <nav aria-label={t("reference.all")} className="reference-list">
        {tags.map((tag) => {
          const members = operations.filter((one) => one.tag === tag && found.has(one));
          if (members.length === 0) return null;
          return (
            <section key={tag} aria-label={titleOf(tag)}>
              <p className="reference-tag" aria-hidden>
                {titleOf(tag)}
              </p>
              <ul className="plain">
                {members.map((one) => (
                  <li key={one.id}>
                    <Link
                      href={`/api/${one.id}`}
                      className="reference-item"
                      aria-current={one.id === chosen ? "page" : undefined}
                    >
                      <Method method={one.method} />
                      <span className="reference-names">
                        <span className="mono cut">{one.path}</span>
                        <span className="cut faint">{summaryOf(one)}</span>
                      </span>
                    </Link>
                  </li>
                ))}
              </ul>
            </section>
          );
        })}
        {found.size === 0 ? <Text p="md">{t("reference.noMatch")}</Text> : null}
      </nav>
    </div>
  );
}

/** What one has to know before the first request. */
function Start() {
  const { t } = useTranslation();
  const key = t("send.codeKey");
  return (
    <Stack gap="md">
      <Panel title={t("reference.begin")}>
        <Text size="sm" mb="sm">
          {t("reference.beginText")}
        </Text>
        <Code label={t("reference.base")} text={here()} />
      </Panel>
      <Panel title={t("reference.credential")}>
        <Text size="sm" mb="sm">
          {t("reference.credentialText")}
        </Text>
        <Code label="Authorization" text={`Authorization: Bearer ${key}`} />
      </Panel>
      <Panel title={t("reference.problems")}>
        <Text size="sm">{t("reference.problemsText")}</Text>
      </Panel>
      <Panel title={t("viewer.socket")}>
        <Text size="sm">{t("viewer.socketText")}</Text>
      </Panel>
    </Stack>
  );
}

function Out({ href, text }: { href: string; text: string }) {
  return (
    <Anchor href={href} target="_blank" rel="noopener" size="sm">
      <Group gap={6} component="span">
        {text}
        <IconExternalLink size={15} aria-hidden />
      </Group>
    </Anchor>
  );
}
