import { Button, Group } from "@mantine/core";
import { IconPencil, IconRepeat, IconRoute } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { NotificationRecord, PublishBody } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { useSession } from "../../session/SessionContext.ts";
import { withFields } from "../../shell/address.ts";
import { Copy } from "../../ui/Copy.tsx";
import { Reason } from "../../ui/Failure.tsx";
import { notice } from "../../ui/Notices.tsx";
import { LifeActions } from "../change/Life.tsx";
import { carry } from "../send/carried.ts";
import { Confirm } from "../send/Confirm.tsx";
import { draftTextsOf, textsOf } from "../send/languages.ts";
import { useSending } from "../send/useSending.ts";

interface RecordActionsProps {
  record: NotificationRecord;
  /** Whether the way to its page is among them. */
  hasLink?: boolean;
}

/** What can be done with a notification: what harms nobody first. To send it again asks, as soon as it is for several. */
export function RecordActions({ record, hasLink = false }: RecordActionsProps) {
  const { t } = useTranslation();
  const { whole } = useFormats();
  const { mayPublish } = useSession();
  const sending = useSending({
    onSent: ({ reply, took }) => {
      const sockets = reply.status === "ok" ? reply.recipients.sockets : 0;
      void notice({
        color: sockets === 0 ? "orange" : "green",
        title: t("live.resent"),
        message:
          sockets === 0
            ? t("send.sentToNobody")
            : t("send.sentTo", { count: sockets, formatted: whole(sockets), ms: whole(Math.max(1, took)) }),
      });
    },
    onError: (error) => {
      void notice({ color: "red", title: t("live.resendFailed"), message: <Reason error={error} /> });
    },
  });
  return (
    <Group gap="xs" className="record-actions">
      {!hasLink || record.persist === false ? null : (
        <Button
          size="xs"
          variant="light"
          component={Link}
          href={`/historial/${record.id}`}
          leftSection={<IconRoute size={16} aria-hidden />}
        >
          {t("live.seeReceipts")}
        </Button>
      )}
      <Copy text={JSON.stringify(record, null, 2)} label={t("live.copyJson")} />
      {mayPublish ? (
        <>
          <Button
            size="xs"
            variant="default"
            component={Link}
            href={withFields("/enviar", { tipo: record.type })}
            leftSection={<IconPencil size={16} aria-hidden />}
            onClick={() => {
              carry(record);
            }}
          >
            {t("live.edit")}
          </Button>
          <Button
            size="xs"
            variant="default"
            loading={sending.isBusy}
            leftSection={<IconRepeat size={16} aria-hidden />}
            onClick={() => {
              sending.send(bodyAgain(record));
            }}
          >
            {t("live.resend")}
          </Button>
          {record.persist === false ? null : <LifeActions record={record} />}
          <Confirm sending={sending} isAgain />
        </>
      ) : null}
    </Group>
  );
}

const ALONG = ["collapse_key", "group", "category", "image", "icon", "actions"] as const;

/** The request that says the same once more, to the same people. */
function bodyAgain(record: NotificationRecord): PublishBody {
  const { all, roles, users, topics, except } = record.audience;
  const texts = textsOf(draftTextsOf(record));
  return {
    type: record.type,
    message: record.message,
    data: record.data,
    audience: all ? { all, except } : { roles, users, topics, except },
    priority: record.priority,
    ...(record.title === null ? {} : { title: record.title }),
    ...(record.link === null ? {} : { link: record.link }),
    ...(record.persist === false && { persist: false }),
    ...(texts !== undefined && { texts }),
    ...Object.fromEntries(ALONG.flatMap((name) => (record[name] === undefined ? [] : [[name, record[name]]]))),
  };
}
