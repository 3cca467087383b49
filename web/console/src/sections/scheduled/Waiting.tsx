import { Button, Group, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconCalendarX, IconPencil, IconSend } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { PublishReply, ScheduledRecord } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { useSession } from "../../session/SessionContext.ts";
import { Ask } from "../../ui/Ask.tsx";
import { AudienceText, PriorityBadge, TypeName } from "../../ui/badges.tsx";
import { Clamped } from "../../ui/Clamped.tsx";
import { Marks } from "../../ui/Extras.tsx";
import { Reason } from "../../ui/Failure.tsx";
import { Moment } from "../../ui/Moment.tsx";
import { notice } from "../../ui/Notices.tsx";
import { publisherName } from "../../ui/publisherName.ts";
import { visibleText } from "../../ui/visibleText.ts";
import { ChangeDialog } from "../change/ChangeDialog.tsx";

/** One that waits: when it is due, what it says and to whom, and what can be done with it until then. */
export function Waiting({ record }: { record: ScheduledRecord }) {
  const { t } = useTranslation();
  const { ago } = useFormats();
  const { mayPublish } = useSession();
  const { due, priority, title, message } = record;
  return (
    <li className="waiting-row" data-id={record.id} data-priority={priority}>
      <div className="waiting-due">
        <Text fw={650} size="sm" className="numbers">
          {ago(due)}
        </Text>
        <Text size="xs" c="dimmed" component="div">
          <Moment at={due} full />
        </Text>
      </div>
      <div className="waiting-what">
        <Group gap={8} align="center">
          <TypeName type={record.type} />
          {priority === "high" || priority === "critical" ? <PriorityBadge priority={priority} /> : null}
          <Marks record={record} />
        </Group>
        {title === null ? null : <Clamped text={title} lines={2} fw={600} />}
        <Clamped text={message === "" ? t("common.noMessage") : message} lines={3} />
        <Text size="xs" c="dimmed" component="div">
          <AudienceText audience={record.audience} />
          {" · "}
          {publisherName(t, record.by)}
          {" · "}
          <Moment at={record.scheduled_at} full="other days" />
          {record.collapse_key === undefined ? null : ` · ${t("extras.collapse")}: ${visibleText(record.collapse_key)}`}
        </Text>
      </div>
      {mayPublish ? <Choices record={record} /> : null}
    </li>
  );
}

/** Change it, deliver it now, cancel it: the last two ask first. */
function Choices({ record }: { record: ScheduledRecord }) {
  const { t } = useTranslation();
  const [isChanging, changing] = useDisclosure(false);
  const deliver = useDoing(record, "deliver");
  const cancel = useDoing(record, "cancel");
  return (
    <div className="waiting-choices">
      <Button size="xs" variant="default" leftSection={<IconPencil size={16} aria-hidden />} onClick={changing.open}>
        {t("scheduled.change")}
      </Button>
      <Button size="xs" variant="default" leftSection={<IconSend size={16} aria-hidden />} onClick={deliver.ask}>
        {t("scheduled.deliver")}
      </Button>
      <Button
        size="xs"
        variant="outline"
        color="red"
        className="outlined outlined-red"
        leftSection={<IconCalendarX size={16} aria-hidden />}
        onClick={cancel.ask}
      >
        {t("scheduled.cancel")}
      </Button>
      {isChanging ? <ChangeDialog record={record} due={record.due} onClose={changing.close} /> : null}
      <Ask
        {...deliver.props}
        title={t("scheduled.deliverTitle")}
        text={t("scheduled.deliverText")}
        yes={t("scheduled.deliverYes")}
      />
      <Ask
        {...cancel.props}
        isHarmful
        title={t("scheduled.cancelTitle")}
        text={t("scheduled.cancelText")}
        yes={t("scheduled.cancelYes")}
        no={t("change.back")}
      />
    </div>
  );
}

/** One of the two things that are asked about first, and what the server makes of it. */
function useDoing(record: ScheduledRecord, what: "deliver" | "cancel") {
  const { t } = useTranslation();
  const { whole } = useFormats();
  const { api } = useSession();
  const queries = useQueryClient();
  const [isOpen, asking] = useDisclosure(false);
  const path = `/v1/notifications/${record.id}`;
  const doing = useMutation<Partial<PublishReply>>({
    mutationFn: () => (what === "deliver" ? api.post(`${path}/deliver`) : api.remove(path)),
    onSuccess: async ({ recipients }) => {
      const count = recipients?.sockets ?? 0;
      void notice({
        color: "green",
        message:
          what === "cancel" ? t("scheduled.cancelled") : t("scheduled.delivered", { count, formatted: whole(count) }),
      });
      await queries.invalidateQueries({ queryKey: ["/v1/scheduled"] });
    },
    onError: (error) => {
      void notice({ color: "red", title: t("scheduled.failed"), message: <Reason error={error} /> });
    },
    onSettled: asking.close,
  });
  return {
    ask: asking.open,
    props: {
      isOpen,
      isBusy: doing.isPending,
      onClose: asking.close,
      onYes: () => {
        doing.mutate();
      },
    },
  };
}
