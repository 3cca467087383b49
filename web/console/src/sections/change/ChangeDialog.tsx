import { Anchor, Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { ApiError } from "../../api/client.ts";
import { useSession } from "../../session/SessionContext.ts";
import { Callout } from "../../ui/Callout.tsx";
import { Reason } from "../../ui/Failure.tsx";
import { notice } from "../../ui/Notices.tsx";
import { changesOf, editableOf, type Changeable, type Editable } from "./change.ts";
import { ChangeForm } from "./ChangeForm.tsx";
import { ChangeList } from "./ChangeList.tsx";
import "./change.css";

interface ChangeDialogProps {
  record: Changeable;
  /** When it is delivered; null for one that was. */
  due: string | null;
  onClose: () => void;
}

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
  const isScheduled = seen.due !== null;
  const change = useMutation({
    mutationFn: () =>
      api.patch(`/v1/notifications/${record.id}`, isScheduled ? body : { ...body, revision: revision() }),
    onSuccess: async () => {
      void notice({ color: "green", message: t(isScheduled ? "change.doneScheduled" : "change.done") });
      await queries.invalidateQueries();
      onClose();
    },
    // What came first is to be looked at before one tries again.
    onError: () => void queries.invalidateQueries(),
  });
  const { error } = change;
  const code = error instanceof ApiError ? error.code : null;
  const refusals = error instanceof ApiError ? error.problems : [];

  function revision(): number {
    return seen.record.revision ?? 0;
  }

  /** What is there now, with what was written on top of it. */
  function renew() {
    const now = editableOf(record, due);
    const written = Object.fromEntries(list.map(({ field, after }) => [field, after]));
    setSeen({ record, due });
    setValue({ ...now, ...written });
    change.reset();
  }

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
            {error === null ? null : code === "revision_mismatch" ? (
              <Callout tone="orange" title={t("change.meanwhile")}>
                <Text size="sm" mb="sm">
                  {t("change.meanwhileText")}
                </Text>
                <Button size="xs" variant="default" onClick={renew}>
                  {t("change.renew")}
                </Button>
              </Callout>
            ) : code === "replaced" ? (
              <Callout tone="orange" title={t("change.replaced")}>
                <Replaced error={error} onGo={onClose} />
              </Callout>
            ) : (
              <Callout tone="red" title={t("change.failed")}>
                <Text size="sm">
                  <Reason error={error} />
                </Text>
              </Callout>
            )}
          </div>
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("change.back")}
            </Button>
            <Button type="submit" loading={change.isPending} disabled={list.length === 0}>
              {t("change.save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** The way to the one that took its place. */
function Replaced({ error, onGo }: { error: Error; onGo: () => void }) {
  const { t } = useTranslation();
  const by = error instanceof ApiError ? error.replacedBy : null;
  if (by === null) return null;
  return (
    <Anchor component={Link} href={`/historial/${by}`} size="sm" onClick={onGo}>
      {t("change.seeReplacement")}
    </Anchor>
  );
}
