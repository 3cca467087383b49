import { Button, Drawer, Group } from "@mantine/core";
import { IconPencil, IconReceipt, IconRepeat } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { ApiError } from "../../api/client.ts";
import type { NotificationRecord, PublishBody, PublishReply } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { useSession } from "../../session/SessionContext.ts";
import { Copy } from "../../ui/Copy.tsx";
import { Reason } from "../../ui/Failure.tsx";
import { notice } from "../../ui/Notices.tsx";
import { RecordFields } from "../../ui/RecordFields.tsx";
import { carry } from "../send/carried.ts";

interface RecordDrawerProps {
  record: NotificationRecord | null;
  onClose: () => void;
}

export function RecordDrawer({ record, onClose }: RecordDrawerProps) {
  const { t } = useTranslation();
  return (
    <Drawer
      opened={record !== null}
      onClose={onClose}
      position="right"
      size="lg"
      title={record?.type ?? ""}
      closeButtonProps={{ "aria-label": t("common.close") }}
      classNames={{ title: "mono drawer-title" }}
      attributes={{ header: { role: "presentation" } }} // a <header> outside of <main> would be a second banner
    >
      {record === null ? null : (
        <>
          <RecordFields record={record} />
          <RecordActions record={record} onDone={onClose} />
        </>
      )}
    </Drawer>
  );
}

export function RecordActions({ record, onDone }: { record: NotificationRecord; onDone?: () => void }) {
  const { t } = useTranslation();
  const { whole } = useFormats();
  const { api, mayPublish } = useSession();
  const resend = useMutation<PublishReply, ApiError>({
    mutationFn: () => api.post<PublishReply>("/notify", bodyAgain(record)),
    onSuccess: (reply) => {
      const { sockets } = reply.recipients;
      void notice({
        color: "green",
        title: t("live.resent"),
        message: t("send.sentTo", { count: sockets, formatted: whole(sockets) }),
      });
    },
    onError: (error) => {
      void notice({ color: "red", title: t("live.resendFailed"), message: <Reason error={error} /> });
    },
  });
  return (
    <Group gap="xs" mt="lg">
      {mayPublish ? (
        <>
          <Button
            size="xs"
            loading={resend.isPending}
            leftSection={<IconRepeat size={16} aria-hidden />}
            onClick={() => {
              resend.mutate();
            }}
          >
            {t("live.resend")}
          </Button>
          <Button
            size="xs"
            variant="default"
            component={Link}
            href={`/enviar/${record.type}`}
            leftSection={<IconPencil size={16} aria-hidden />}
            onClick={() => {
              carry(record);
            }}
          >
            {t("live.edit")}
          </Button>
        </>
      ) : null}
      {onDone === undefined || record.persist === false ? null : (
        <Button
          size="xs"
          variant="default"
          component={Link}
          href={`/historial/${record.id}`}
          leftSection={<IconReceipt size={16} aria-hidden />}
        >
          {t("live.seeReceipts")}
        </Button>
      )}
      <Copy text={JSON.stringify(record, null, 2)} label={t("live.copyJson")} />
    </Group>
  );
}

/** The request that says the same once more, to the same people. */
function bodyAgain(record: NotificationRecord): PublishBody {
  const { all, roles, users, topics, except } = record.audience;
  return {
    type: record.type,
    message: record.message,
    data: record.data,
    audience: all ? { all, except } : { roles, users, topics, except },
    priority: record.priority,
    ...(record.title === null ? {} : { title: record.title }),
    ...(record.link === null ? {} : { link: record.link }),
    ...(record.persist === false && { persist: false }),
  };
}
