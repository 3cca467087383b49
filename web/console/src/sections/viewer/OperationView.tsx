import { Anchor, Group, Stack, Text, Title } from "@mantine/core";
import { IconArrowLeft, IconLock } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { language } from "../../i18n/index.ts";
import { Panel } from "../../ui/Section.tsx";
import { codesOf, type OpenApi, type Operation, type Reply } from "./openapi.ts";
import { Prose } from "./Prose.tsx";
import { Field, SchemaTree } from "./SchemaTree.tsx";
import { SPANISH } from "./summaries.ts";
import { TryIt } from "./TryIt.tsx";

/** The name of an operation in the reader's language. */
export function summaryOf(operation: Operation): string {
  return language() === "es" ? (SPANISH[operation.id] ?? operation.summary) : operation.summary;
}

interface OperationViewProps {
  document: OpenApi;
  operation: Operation;
}

/** One operation: what it takes, what it answers, and a place to try it. */
export function OperationView({ document, operation }: OperationViewProps) {
  const { t } = useTranslation();
  const { method, path, description, parameters, body, replies, isSecured } = operation;
  const done = replies.filter(({ status }) => status.startsWith("2"));
  const refused = replies.filter(({ status }) => !status.startsWith("2"));
  return (
    <Stack gap="md">
      <Anchor component={Link} href="/api" size="sm" hiddenFrom="md">
        <Group gap={6} component="span">
          <IconArrowLeft size={16} aria-hidden />
          {t("reference.all")}
        </Group>
      </Anchor>
      <div>
        <Title order={2} className="operation-title">
          {summaryOf(operation)}
        </Title>
        <p className="operation-line">
          <Method method={method} />
          <code className="operation-path">{path}</code>
          {isSecured ? (
            <span className="operation-lock">
              <IconLock size={14} aria-hidden />
              {t("reference.secured")}
            </span>
          ) : null}
        </p>
        {description === "" ? null : (
          <Text size="sm" c="dimmed" lang="en">
            <Prose text={description} />
          </Text>
        )}
      </div>
      <TryIt key={operation.id} operation={operation} />
      {parameters.length === 0 ? null : (
        <Panel title={t("reference.parameters")}>
          <ul className="schema" aria-label={t("reference.parameters")}>
            {parameters.map((parameter) => (
              <Field
                key={`${parameter.in}${parameter.name}`}
                document={document}
                name={parameter.name}
                schema={{
                  ...parameter.schema,
                  ...(parameter.description === undefined ? {} : { description: parameter.description }),
                }}
                isRequired={parameter.required ?? false}
              />
            ))}
          </ul>
        </Panel>
      )}
      {body === null ? null : (
        <Panel title={t("reference.body")}>
          <SchemaTree document={document} schema={body.schema} name={t("reference.body")} />
        </Panel>
      )}
      {done.map((reply) => (
        <Panel key={reply.status} title={t("reference.reply", { status: reply.status })}>
          {reply.schema === null ? (
            <Text size="sm">{reply.mediaType}</Text>
          ) : (
            <SchemaTree
              document={document}
              schema={reply.schema}
              name={t("reference.reply", { status: reply.status })}
            />
          )}
        </Panel>
      ))}
      {refused.length === 0 ? null : (
        <Panel title={t("reference.errors")}>
          <Refusals replies={refused} />
        </Panel>
      )}
    </Stack>
  );
}

export function Method({ method }: { method: string }) {
  return (
    <span className="method" data-method={method}>
      {method}
    </span>
  );
}

function Refusals({ replies }: { replies: Reply[] }) {
  return (
    <dl className="refusals">
      {replies.map(({ status, description }) => (
        <div key={status}>
          <dt className="numbers">{status}</dt>
          <dd lang="en">
            {codesOf(description).map(({ code, meaning }) => (
              <div key={code}>
                <code className="code-word">{code}</code> {meaning}
              </div>
            ))}
            {codesOf(description).length === 0 ? description : null}
          </dd>
        </div>
      ))}
    </dl>
  );
}
