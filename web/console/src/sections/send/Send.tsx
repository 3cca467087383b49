import { useCallback, useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Redirect, useParams } from "wouter";
import { ApiError } from "../../api/client.ts";
import { useCatalog } from "../../api/queries.ts";
import type { EventType, NotificationRecord } from "../../api/records.ts";
import { useSession } from "../../session/SessionContext.ts";
import { useAddressFields, withFields } from "../../shell/address.ts";
import { Callout } from "../../ui/Callout.tsx";
import { Failure } from "../../ui/Failure.tsx";
import { Panel, Section } from "../../ui/Section.tsx";
import { LoadingLines, Nothing } from "../../ui/States.tsx";
import { carry, takeCarried } from "./carried.ts";
import { draftOf, emptyDraft, type Draft as Written } from "./draft.ts";
import { createDrafts, type Drafts } from "./drafts.ts";
import { Form } from "./Form.tsx";
import "./send.css";

export default function Send() {
  const { t } = useTranslation();
  const session = useSession();
  const { type } = useParams<{ type?: string }>();
  const { data, error, refetch } = useCatalog();

  // An address of before; what is chosen in the form stands behind the question mark, and changes without a new screen.
  if (type !== undefined) return <Redirect to={withFields("/enviar", { tipo: type })} replace />;
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
    content = <Draft catalog={data.types} owner={session.user ?? session.kind} />;
  }
  return (
    <Section title={t("send.title")} intro={t("send.intro")}>
      {content}
    </Section>
  );
}

/** The form, with what was taken along, or what the address asks for, or what was left behind the last time. */
function Draft({ catalog, owner }: { catalog: EventType[]; owner: string }) {
  const { t } = useTranslation();
  const [fields, setFields] = useAddressFields();
  const [carried] = useState<NotificationRecord | null>(takeCarried);
  const drafts = useMemo(() => createDrafts(owner), [owner]);
  const wanted = fields.get("tipo");
  const [first] = useState(() => begin(catalog, drafts, carried, wanted, fields.get("usuario")));
  const isUnknown = wanted !== null && !catalog.some((one) => one.type === wanted);
  useEffect(() => {
    carry(null);
  }, []);
  const onType = useCallback(
    (type: string) => {
      setFields({ tipo: type, usuario: null });
    },
    [setFields],
  );
  return (
    <>
      {isUnknown ? <Callout tone="orange" title={t("send.unknownType")} /> : null}
      <Form catalog={catalog} first={first} drafts={drafts} wanted={wanted} onType={onType} />
    </>
  );
}

function begin(
  catalog: EventType[],
  drafts: Drafts,
  carried: NotificationRecord | null,
  wanted: string | null,
  user: string | null,
): Written {
  const type = carried?.type ?? wanted ?? drafts.last();
  const kind = catalog.find((one) => one.type === type) ?? catalog[0];
  const name = kind?.type ?? "test";
  const draft = carried === null ? (drafts.read(name) ?? emptyDraft(name)) : draftOf(carried, kind);
  return user === null ? draft : { ...draft, audience: "custom", all: false, roles: [], topics: [], users: [user] };
}
