import { Anchor, Button, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconMailOff, IconPencilBolt } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { ApiError } from "../../api/client.ts";
import type { NotificationRecord, RecordWithReceipts } from "../../api/records.ts";
import { useSession } from "../../session/SessionContext.ts";
import { Ask } from "../../ui/Ask.tsx";
import { Callout } from "../../ui/Callout.tsx";
import { Reason } from "../../ui/Failure.tsx";
import { notice } from "../../ui/Notices.tsx";
import { ChangeDialog } from "./ChangeDialog.tsx";

/** Amend a stored notification, or take it back: for everybody who has it. */
export function LifeActions({ record }: { record: NotificationRecord }) {
  const { t } = useTranslation();
  const { api } = useSession();
  const queries = useQueryClient();
  const [isChanging, changing] = useDisclosure(false);
  const [isAsking, asking] = useDisclosure(false);
  const retract = useMutation({
    mutationFn: () => api.remove(`/v1/notifications/${record.id}`),
    onSuccess: async () => {
      void notice({ color: "green", message: t("life.retractDone") });
      await queries.invalidateQueries();
    },
    onError: (error) => {
      const isGone = error instanceof ApiError && error.code === "replaced";
      void notice({
        color: "red",
        title: t(isGone ? "change.replaced" : "life.retractFailed"),
        message: <Reason error={error} />,
      });
    },
    onSettled: asking.close,
  });
  return (
    <>
      <Button
        size="xs"
        variant="default"
        leftSection={<IconPencilBolt size={16} aria-hidden />}
        onClick={changing.open}
      >
        {t("life.amend")}
      </Button>
      <Button
        size="xs"
        variant="outline"
        color="red"
        className="outlined outlined-red"
        leftSection={<IconMailOff size={16} aria-hidden />}
        onClick={asking.open}
      >
        {t("life.retract")}
      </Button>
      {isChanging ? <ChangeDialog record={record} due={null} onClose={changing.close} /> : null}
      <Ask
        isOpen={isAsking}
        isBusy={retract.isPending}
        isHarmful
        title={t("life.retractTitle")}
        text={t("life.retractText")}
        yes={t("life.retractYes")}
        onYes={() => {
          retract.mutate();
        }}
        onClose={asking.close}
      />
    </>
  );
}

/** What became of one that has left the log, and the way to what took its place. */
export function Gone({ record }: { record: RecordWithReceipts }) {
  const { t } = useTranslation();
  const { status, replaced_by: by } = record;
  if (status === "stored") return null;
  return (
    <Callout tone="orange" title={t(status === "replaced" ? "life.wasReplaced" : "life.wasRetracted")}>
      <Text size="sm">{t(status === "replaced" ? "life.wasReplacedText" : "life.wasRetractedText")}</Text>
      {by === undefined ? null : (
        <Anchor component={Link} href={`/historial/${by}`} size="sm">
          {t("change.seeReplacement")}
        </Anchor>
      )}
    </Callout>
  );
}
