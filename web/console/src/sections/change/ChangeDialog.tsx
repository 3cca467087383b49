import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../../api/client.ts";
import type { RecordWithReceipts, WaitingRecord } from "../../api/records.ts";
import { useSession } from "../../session/SessionContext.ts";
import { Reason } from "../../ui/Failure.tsx";
import { notice } from "../../ui/Notices.tsx";
import { changesOf, editableOf, type Changeable, type Editable } from "./change.ts";
import { ChangeForm } from "./ChangeForm.tsx";
import { ChangeList } from "./ChangeList.tsx";
import { obstacleOf, type Standing } from "./obstacle.ts";
import { Obstacles } from "./Obstacles.tsx";
import "./change.css";

interface ChangeDialogProps {
  /** As it is now, which may be another thing than when the dialog was opened. */
  record: Changeable & Standing;
  /** When it is delivered; null for one that was. */
  due: string | null;
  onClose: () => void;
}

type Shown = RecordWithReceipts | WaitingRecord;

/** Changes a notification where it is; what somebody else changed meanwhile is shown before it is overwritten. */
export function ChangeDialog({ record, due, onClose }: ChangeDialogProps) {
  const { t } = useTranslation();
  const { api } = useSession();
  const queries = useQueryClient();
  // What is there now comes in while one writes; what is compared with is what one has seen.
  const [seen, setSeen] = useState({ record, due });
  const [value, setValue] = useState<Editable>(() => editableOf(record, due));
  const before = editableOf(seen.record, seen.due);
  const { list, body, problems } = changesOf(before, value);
  const { id } = seen.record;
  const isScheduled = seen.due !== null;
  const change = useMutation({
    mutationFn: () =>
      api.patch(`/v1/notifications/${id}`, isScheduled ? body : { ...body, revision: seen.record.revision ?? 0 }),
    onSuccess: async () => {
      void notice({ color: "green", message: t(isScheduled ? "change.doneScheduled" : "change.done") });
      await queries.invalidateQueries();
      onClose();
    },
    // What came first is to be looked at before one tries again.
    onError: () => void queries.invalidateQueries(),
  });
  /** Takes what is there now, of this one or of the one in its place, with what was written on top of it. */
  const renew = useMutation({
    mutationFn: (of: string) => api.get<Shown>(`/v1/notifications/${of}`, { limit: 1 }),
    onSuccess: (now) => {
      const written = Object.fromEntries(list.map(({ field, after }) => [field, after]));
      const next = { record: now, due: "due" in now ? now.due : null };
      setSeen(next);
      setValue({ ...editableOf(next.record, next.due), ...written });
      change.reset();
    },
    onError: (error) => {
      void notice({ color: "red", title: t("change.failed"), message: <Reason error={error} /> });
    },
  });
  const refusals = change.error instanceof ApiError ? change.error.problems : [];
  const obstacle = obstacleOf(change.error, record.id === id ? record : seen.record);

  return (
    <Modal
      opened
      onClose={onClose}
      title={t(isScheduled ? "change.titleScheduled" : "change.title")}
      closeButtonProps={{ "aria-label": t("common.close") }}
      attributes={{ header: { role: "presentation" } }} // a <header> outside of <main> would be a second banner
      size="lg"
    >
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (list.length > 0 && Object.keys(problems).length === 0) change.mutate();
        }}
      >
        <Stack gap="md">
          <Text size="sm" c="dimmed">
            {t(isScheduled ? "change.introScheduled" : "change.intro")}
          </Text>
          <ChangeForm
            value={value}
            problems={problems}
            refused={(field) => refusals.find((one) => one.field.split(".")[0] === field)?.detail ?? null}
            isScheduled={isScheduled}
            onChange={(part) => {
              setValue((now) => ({ ...now, ...part }));
            }}
          />
          <ChangeList changes={list} />
          <div aria-live="polite">
            <Obstacles
              obstacle={obstacle}
              error={change.error}
              isBusy={renew.isPending}
              onRenew={(by) => {
                renew.mutate(by ?? id);
              }}
              onGo={onClose}
            />
          </div>
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("change.back")}
            </Button>
            <Button
              type="submit"
              loading={change.isPending}
              disabled={list.length === 0 || (obstacle !== null && obstacle.kind !== "failed")}
            >
              {t("change.save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
