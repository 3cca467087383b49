import { Anchor, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { EndedRecord, WaitingRecord } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { Callout } from "../../ui/Callout.tsx";
import { Moment } from "../../ui/Moment.tsx";
import { publisherName } from "../../ui/publisherName.ts";
import { Panel } from "../../ui/Section.tsx";
import { Past } from "../change/Past.tsx";
import { Waiting } from "../scheduled/Waiting.tsx";
import "../scheduled/scheduled.css";

/** One that has no place in the log: it waits, with what can be done about it, or ended before it was delivered. */
export function Planned({ record }: { record: WaitingRecord | EndedRecord }) {
  const { t } = useTranslation();
  const { moment, ago } = useFormats();
  const { due } = record;
  return (
    <Stack gap="md">
      {"ended_at" in record ? (
        <Ended record={record} />
      ) : (
        <>
          <Callout tone="green" title={t("scheduled.waits", { moment: moment(due), relative: ago(due) })}>
            <Text size="sm">{t("scheduled.waitsText")}</Text>
            <ToAll />
          </Callout>
          <Panel padded={false}>
            <ul className="plain waiting-list">
              <Waiting record={record} />
            </ul>
          </Panel>
        </>
      )}
      <Past id={record.id} record={null} />
    </Stack>
  );
}

/** What became of it, when and through whom, and the way to what took its place. */
function Ended({ record }: { record: EndedRecord }) {
  const { t } = useTranslation();
  const { moment } = useFormats();
  const { status, ended_at: at, ended_by: by, replaced_by: successor } = record;
  return (
    <Callout tone="orange" title={t(`scheduled.ended.${status}`)}>
      <Text size="sm" component="div">
        {t(`life.did.${status}`)}
        {" · "}
        <Moment at={at} full />
        {by === null ? null : ` · ${publisherName(t, by)}`}
      </Text>
      <Text size="sm">{t("scheduled.endedText", { moment: moment(record.due) })}</Text>
      {successor === undefined ? null : (
        <Anchor component={Link} href={`/historial/${successor}`} size="sm" me="sm">
          {t("change.seeReplacement")}
        </Anchor>
      )}
      <ToAll />
    </Callout>
  );
}

function ToAll() {
  const { t } = useTranslation();
  return (
    <Anchor component={Link} href="/programadas" size="sm">
      {t("send.seePlanned")}
    </Anchor>
  );
}
