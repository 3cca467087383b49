import { Button, Group, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconCalendarX, IconPencil, IconSend } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { PublishReply, ScheduledRecord } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { useSession } from "../../session/SessionContext.ts";
import { Asked } from "../../ui/Asked.tsx";
import { AudienceText, PriorityBadge, TypeName } from "../../ui/badges.tsx";
import { Clamped } from "../../ui/Clamped.tsx";
import { Marks } from "../../ui/Extras.tsx";
import { Moment } from "../../ui/Moment.tsx";
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
  const { whole } = useFormats();
  const { api } = useSession();
  const [isChanging, changing] = useDisclosure(false);
  const path = `/v1/notifications/${record.id}`;
  const failed = () => t("scheduled.failed");
  return (
    <div className="waiting-choices">
      <Button size="xs" variant="default" leftSection={<IconPencil size={16} aria-hidden />} onClick={changing.open}>
        {t("scheduled.change")}
      </Button>
      <Asked
        label={t("scheduled.deliver")}
        icon={<IconSend size={16} aria-hidden />}
        title={t("scheduled.deliverTitle")}
        text={t("scheduled.deliverText")}
        yes={t("scheduled.deliverYes")}
        act={() => api.post<PublishReply>(`${path}/deliver`)}
        done={({ recipients: { sockets } }) => t("scheduled.delivered", { count: sockets, formatted: whole(sockets) })}
        failed={failed}
      />
      <Asked
        label={t("scheduled.cancel")}
        icon={<IconCalendarX size={16} aria-hidden />}
        isHarmful
        title={t("scheduled.cancelTitle")}
        text={t("scheduled.cancelText")}
        yes={t("scheduled.cancelYes")}
        no={t("change.back")}
        act={() => api.remove(path)}
        done={() => t("scheduled.cancelled")}
        failed={failed}
      />
      {isChanging ? <ChangeDialog record={record} due={record.due} onClose={changing.close} /> : null}
    </div>
  );
}
