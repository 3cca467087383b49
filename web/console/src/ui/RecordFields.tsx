import { Anchor, DataList, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { NotificationRecord } from "../api/records.ts";
import { useFormats } from "../i18n/formats.ts";
import { AudienceText, PriorityBadge } from "./badges.tsx";
import { Offers, OtherTexts } from "./Extras.tsx";
import { Clamped } from "./Clamped.tsx";
import { JsonTree } from "./JsonTree.tsx";
import { Moment } from "./Moment.tsx";
import { SafeLink } from "./SafeLink.tsx";
import { publisherName } from "./publisherName.ts";
import { visibleText } from "./visibleText.ts";

/** Everything a notification says, as text. */
export function RecordFields({ record }: { record: NotificationRecord }) {
  const { t } = useTranslation();
  const { whole } = useFormats();
  const rows: [string, ReactNode][] = [
    [
      t("common.message"),
      record.message === "" ? t("common.noMessage") : <Clamped key="message" text={record.message} />,
    ],
    [t("common.audience"), <AudienceText key="audience" audience={record.audience} />],
    [t("common.priority"), <PriorityBadge key="priority" priority={record.priority} />],
    [t("common.when"), <Moment key="when" at={record.timestamp} full />],
  ];
  if (record.title !== null) rows.unshift([t("common.title"), <Clamped key="title" text={record.title} lines={3} />]);
  if (record.texts !== undefined) rows.push([t("extras.texts"), <OtherTexts key="texts" texts={record.texts} />]);
  if (record.link !== null) rows.push([t("common.link"), <SafeLink key="link" link={record.link} />]);
  if (record.actions !== undefined)
    rows.push([t("extras.actions"), <Offers key="actions" actions={record.actions} answers={record.answers} />]);
  // Addresses of pictures are followed by who wants to: the console asks nobody else's machine for anything.
  if (record.image !== undefined) rows.push([t("extras.image"), <SafeLink key="image" link={record.image} />]);
  if (record.icon !== undefined) rows.push([t("extras.icon"), visibleText(record.icon)]);
  if (record.category !== undefined) rows.push([t("extras.category"), visibleText(record.category)]);
  if (record.group !== undefined) rows.push([t("extras.group"), visibleText(record.group)]);
  if (record.collapse_key !== undefined) rows.push([t("extras.collapse"), visibleText(record.collapse_key)]);
  if (record.updated_at !== undefined)
    rows.push([
      t("life.updated"),
      <span key="updated">
        <Moment at={record.updated_at} full /> · {t("life.times", { count: record.revision ?? 1 })}
      </span>,
    ]);
  if (record.replaces !== undefined)
    rows.push([
      t("life.replacesLabel"),
      <Anchor key="replaces" component={Link} href={`/historial/${record.replaces}`} size="sm" className="mono wrap">
        {record.replaces}
      </Anchor>,
    ]);
  if (record.actor !== null) rows.push([t("common.actor"), visibleText(record.actor.name ?? record.actor.id)]);
  if (record.source !== null) rows.push([t("common.source"), record.source]);
  if (record.publisher !== null) rows.push([t("common.publisher"), publisherName(t, record.publisher)]);
  if (record.expires_at !== null)
    rows.push([t("common.expires"), <Moment key="expires" at={record.expires_at} full />]);
  rows.push([t("common.position"), record.persist === false ? t("common.notStored") : whole(record.seq)]);
  rows.push([
    t("common.identifier"),
    <Text key="id" size="sm" className="mono wrap">
      {record.id}
    </Text>,
  ]);
  return (
    <>
      <DataList orientation="horizontal" className="fields">
        {rows.map(([name, value]) => (
          <DataList.Item key={name}>
            <DataList.ItemLabel>{name}</DataList.ItemLabel>
            <DataList.ItemValue className="wrap">{value}</DataList.ItemValue>
          </DataList.Item>
        ))}
      </DataList>
      <Text fw={600} mt="md" mb={4}>
        {t("common.data")}
      </Text>
      <div className="code">
        <JsonTree value={record.data} />
      </div>
    </>
  );
}
