import { Alert, Anchor, Text } from "@mantine/core";
import { IconAlertTriangle, IconCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { ApiError } from "../../api/client.ts";
import type { PublishReply } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { Reason } from "../../ui/Failure.tsx";

export interface Published {
  reply: PublishReply;
  took: number;
}

/** What became of the last attempt; the region is there from the start, so that it is heard. */
export function Outcome({ published, error }: { published: Published | undefined; error: Error | null }) {
  return (
    <div aria-live="polite" data-testid="outcome">
      {error === null ? (
        published === undefined ? null : (
          <Accepted reply={published.reply} />
        )
      ) : (
        <Refused error={error} />
      )}
    </div>
  );
}

function Accepted({ reply }: { reply: PublishReply }) {
  const { t } = useTranslation();
  const { whole } = useFormats();
  const { sockets } = reply.recipients;
  return (
    <Alert
      mt="md"
      role="presentation"
      color="green"
      variant="default"
      icon={<IconCheck aria-hidden />}
      title={t("send.sent")}
    >
      <Text size="sm">
        {reply.duplicate ? t("send.duplicate") : t("send.sentTo", { count: sockets, formatted: whole(sockets) })}
      </Text>
      {reply.warnings.map((warning) => (
        <Text key={warning} size="sm">
          {warning}
        </Text>
      ))}
      <Anchor component={Link} href={`/historial/${reply.id}`} size="sm">
        {t("send.open")}
      </Anchor>
    </Alert>
  );
}

function Refused({ error }: { error: Error }) {
  const { t } = useTranslation();
  const problems = error instanceof ApiError ? error.problems : [];
  return (
    <Alert
      mt="md"
      role="presentation"
      color="red"
      variant="default"
      icon={<IconAlertTriangle aria-hidden />}
      title={t("send.failed")}
    >
      <Text size="sm">
        <Reason error={error} />
      </Text>
      {problems.length > 1
        ? problems.map((problem) => (
            <Text key={problem.field} size="sm">
              <code>{problem.field}</code>: {problem.detail}
            </Text>
          ))
        : null}
    </Alert>
  );
}
