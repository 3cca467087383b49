import { Anchor, Text, type AlertProps } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { NotificationRecord } from "../../api/records.ts";
import { Callout } from "../../ui/Callout.tsx";

interface GoneProps extends Pick<AlertProps, "mb"> {
  record: Pick<NotificationRecord, "status" | "replaced_by">;
}

/** What became of one that has left the log, and the way to what took its place. */
export function Gone({ record, ...space }: GoneProps) {
  const { t } = useTranslation();
  const { status = "stored", replaced_by: by } = record;
  if (status === "stored") return null;
  return (
    <Callout tone="orange" title={t(status === "replaced" ? "life.wasReplaced" : "life.wasRetracted")} {...space}>
      <Text size="sm">{t(status === "replaced" ? "life.wasReplacedText" : "life.wasRetractedText")}</Text>
      {by === undefined ? null : (
        <Anchor component={Link} href={`/historial/${by}`} size="sm">
          {t("change.seeReplacement")}
        </Anchor>
      )}
    </Callout>
  );
}
