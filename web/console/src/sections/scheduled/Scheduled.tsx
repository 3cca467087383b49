import { Button, Select, TextInput } from "@mantine/core";
import { IconCalendarClock, IconKey } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useCatalog, useGet } from "../../api/queries.ts";
import type { ScheduledPage } from "../../api/records.ts";
import { useSession } from "../../session/SessionContext.ts";
import { useAddressFields } from "../../shell/address.ts";
import { Failure } from "../../ui/Failure.tsx";
import { Pager } from "../../ui/Pager.tsx";
import { Panel, Section } from "../../ui/Section.tsx";
import { LoadingLines, Nothing } from "../../ui/States.tsx";
import { useTypedText } from "../../ui/useTypedText.ts";
import { Waiting } from "./Waiting.tsx";
import "./scheduled.css";

const PAGE = 50;
const REFRESH = 2_000;

/** What is delivered later, the soonest first. What it is narrowed to stands in the address. */
export default function Scheduled() {
  const { t } = useTranslation();
  const { mayPublish } = useSession();
  const [fields, setFields] = useAddressFields();
  const [after, setAfter] = useState<string | null>(null);
  const type = fields.get("tipo");
  const key = fields.get("clave") ?? "";
  const { data, error, refetch } = useGet<ScheduledPage>(
    "/v1/scheduled",
    { limit: PAGE, after, type, collapse_key: key },
    { refetchInterval: REFRESH, keep: true },
  );
  const next = data?.next_after ?? null;
  const isNarrow = type !== null || key !== "";

  function narrow(change: Record<string, string | null>) {
    setAfter(null);
    setFields(change);
  }

  return (
    <Section
      title={t("scheduled.title")}
      intro={t("scheduled.intro")}
      actions={
        mayPublish ? (
          <Button
            variant="default"
            component={Link}
            href="/enviar"
            leftSection={<IconCalendarClock size={18} aria-hidden />}
          >
            {t("scheduled.new")}
          </Button>
        ) : null
      }
    >
      <Panel>
        <Narrowing type={type} collapseKey={key} onChange={narrow} />
      </Panel>
      <Panel padded={false}>
        {data === undefined ? (
          error === null ? (
            <LoadingLines lines={6} />
          ) : (
            <Failure error={error} onRetry={() => void refetch()} />
          )
        ) : data.items.length > 0 ? (
          <ul className="plain waiting-list" aria-label={t("scheduled.list")}>
            {data.items.map((one) => (
              <Waiting key={one.id} record={one} />
            ))}
          </ul>
        ) : isNarrow ? (
          <Nothing title={t("scheduled.noMatch")}>
            <Button
              variant="default"
              onClick={() => {
                narrow({ tipo: null, clave: null });
              }}
            >
              {t("live.reset")}
            </Button>
          </Nothing>
        ) : (
          <Nothing
            title={t("scheduled.empty")}
            text={t("scheduled.emptyText")}
            icon={<IconCalendarClock aria-hidden />}
          />
        )}
      </Panel>
      <Pager
        isFirst={after === null}
        isLast={next === null}
        back={t("scheduled.first")}
        next={t("scheduled.later")}
        onBack={() => {
          setAfter(null);
        }}
        onNext={() => {
          setAfter(next);
        }}
      />
    </Section>
  );
}

interface NarrowingProps {
  type: string | null;
  collapseKey: string;
  onChange: (change: Record<string, string | null>) => void;
}

function Narrowing({ type, collapseKey, onChange }: NarrowingProps) {
  const { t } = useTranslation();
  const catalog = useCatalog();
  const [typed, setTyped] = useTypedText(collapseKey, (text) => {
    onChange({ clave: text.trim() });
  });
  return (
    <div className="waiting-filters">
      <Select
        aria-label={t("common.type")}
        placeholder={t("live.allTypes")}
        data={(catalog.data?.types ?? []).map((kind) => kind.type)}
        value={type}
        searchable
        clearable
        onChange={(chosen) => {
          onChange({ tipo: chosen });
        }}
      />
      <TextInput
        type="search"
        aria-label={t("extras.collapse")}
        placeholder={t("extras.collapse")}
        leftSection={<IconKey size={16} aria-hidden />}
        value={typed}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
        }}
      />
    </div>
  );
}
