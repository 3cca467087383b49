import { Anchor, Text } from "@mantine/core";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { ApiError } from "../../api/client.ts";
import type { PlannedReply } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { Callout } from "../../ui/Callout.tsx";
import { Reason } from "../../ui/Failure.tsx";
import type { Published } from "./useSending.ts";

interface OutcomeProps {
  published: Published | undefined;
  error: Error | null;
}

/** What became of the last attempt; the region is there from the start, so that it is heard. */
export function Outcome({ published, error }: OutcomeProps) {
  const region = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // On a phone it stands above the foot of the page, out of sight of whoever has just pressed the button.
    if (published !== undefined || error !== null) region.current?.scrollIntoView({ block: "nearest" });
  }, [published, error]);
  return (
    <div ref={region} aria-live="polite" data-testid="outcome" className="outcome">
      {error !== null ? <Refused error={error} /> : published === undefined ? null : <Accepted published={published} />}
    </div>
  );
}

function Accepted({ published }: { published: Published }) {
  const { t } = useTranslation();
  const { whole } = useFormats();
  const { reply, took, missing } = published;
  if (reply.status === "scheduled") return <Planned reply={reply} />;
  const { sockets } = reply.recipients;
  const isPartial = missing.length > 0;
  return (
    <>
      <Callout
        role="presentation"
        tone={isPartial ? "orange" : "green"}
        title={isPartial ? t("send.sentPart") : t("send.sent")}
      >
        {isPartial ? <Warnings warnings={reply.warnings} /> : null}
        <Text size="sm" className="numbers">
          {reply.duplicate
            ? t("send.duplicate")
            : sockets === 0
              ? t("send.sentToNobody")
              : t("send.sentTo", { count: sockets, formatted: whole(sockets), ms: whole(Math.max(1, took)) })}
        </Text>
        <Anchor component={Link} href={`/historial/${reply.id}`} size="sm">
          {t("send.open")}
        </Anchor>
      </Callout>
      {!isPartial && reply.warnings.length > 0 ? (
        <Callout role="presentation" tone="orange" mt="sm" title={t("send.warned")}>
          <Warnings warnings={reply.warnings} />
        </Callout>
      ) : null}
    </>
  );
}

function Planned({ reply }: { reply: PlannedReply }) {
  const { t } = useTranslation();
  const { moment, ago } = useFormats();
  return (
    <Callout role="presentation" tone={reply.warnings.length > 0 ? "orange" : "green"} title={t("send.planned")}>
      <Warnings warnings={reply.warnings} />
      <Text size="sm" className="numbers">
        {reply.duplicate ? `${t("send.duplicate")} ` : null}
        {t("send.plannedFor", { moment: moment(reply.due), relative: ago(reply.due) })}
      </Text>
      <Anchor component={Link} href="/programadas" size="sm">
        {t("send.seePlanned")}
      </Anchor>
    </Callout>
  );
}

function Warnings({ warnings }: { warnings: readonly string[] }) {
  return warnings.map((warning) => (
    <Text key={warning} size="sm">
      {warning}
    </Text>
  ));
}

function Refused({ error }: { error: Error }) {
  const { t } = useTranslation();
  const problems = error instanceof ApiError ? error.problems : [];
  return (
    <Callout role="presentation" tone="red" title={t("send.failed")}>
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
    </Callout>
  );
}
