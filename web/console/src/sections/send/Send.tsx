import { useTranslation } from "react-i18next";
import { useParams } from "wouter";
import { useCatalog } from "../../api/queries.ts";
import type { NotificationRecord } from "../../api/records.ts";
import { useSession } from "../../session/SessionContext.ts";
import { Failure } from "../../ui/Failure.tsx";
import { Panel, Section } from "../../ui/Section.tsx";
import { LoadingLines, Nothing } from "../../ui/States.tsx";
import { ApiError } from "../../api/client.ts";
import { draftOf, emptyDraft } from "./draft.ts";
import { Form } from "./Form.tsx";
import { takeCarried } from "./carried.ts";
import { useState } from "react";

export default function Send() {
  const { t } = useTranslation();
  const session = useSession();
  const { type } = useParams<{ type?: string }>();
  const { data, error, refetch } = useCatalog();
  const [carried] = useState<NotificationRecord | null>(takeCarried);

  let content;
  if (!session.mayPublish) {
    content = (
      <Panel padded={false}>
        <Failure error={new ApiError("forbidden", 403, "")} forbiddenText={t("send.forbidden")} />
      </Panel>
    );
  } else if (data === undefined) {
    content = (
      <Panel padded={false}>
        {error === null ? <LoadingLines lines={9} /> : <Failure error={error} onRetry={() => void refetch()} />}
      </Panel>
    );
  } else if (data.types.length === 0) {
    content = (
      <Panel>
        <Nothing title={t("send.noCatalog")} />
      </Panel>
    );
  } else {
    const wanted = carried?.type ?? type;
    const kind = data.types.find((one) => one.type === wanted) ?? data.types[0];
    const first = carried === null ? emptyDraft(kind?.type ?? "test") : draftOf(carried, kind);
    content = <Form key={wanted ?? ""} catalog={data.types} first={first} />;
  }
  return (
    <Section title={t("send.title")} intro={t("send.intro")}>
      {content}
    </Section>
  );
}
