import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconMailOff, IconPencilBolt } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../../api/client.ts";
import type { NotificationRecord } from "../../api/records.ts";
import { useSession } from "../../session/SessionContext.ts";
import { Asked } from "../../ui/Asked.tsx";
import { ChangeDialog } from "./ChangeDialog.tsx";

/**
 * Amend a stored notification, or take it back: for everybody who has it. Of one that has left the log neither can be
 * done any more; what is being written to it stays there.
 */
export function LifeActions({ record }: { record: NotificationRecord }) {
  const { t } = useTranslation();
  const { api } = useSession();
  const [isChanging, changing] = useDisclosure(false);
  const isStored = (record.status ?? "stored") === "stored";
  return (
    <>
      {isStored ? (
        <>
          <Button
            size="xs"
            variant="default"
            leftSection={<IconPencilBolt size={16} aria-hidden />}
            onClick={changing.open}
          >
            {t("life.amend")}
          </Button>
          <Asked
            label={t("life.retract")}
            icon={<IconMailOff size={16} aria-hidden />}
            isHarmful
            title={t("life.retractTitle")}
            text={t("life.retractText")}
            yes={t("life.retractYes")}
            act={() => api.remove(`/v1/notifications/${record.id}`)}
            done={() => t("life.retractDone")}
            failed={(error) => t(isReplaced(error) ? "change.replaced" : "life.retractFailed")}
          />
        </>
      ) : null}
      {isChanging ? <ChangeDialog record={record} due={null} onClose={changing.close} /> : null}
    </>
  );
}

function isReplaced(error: Error): boolean {
  return error instanceof ApiError && error.code === "replaced";
}
