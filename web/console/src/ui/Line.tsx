import { useTranslation } from "react-i18next";
import type { NotificationRecord } from "../api/records.ts";
import { AudienceText, PriorityBadge, TypeName } from "./badges.tsx";
import { Marks } from "./Extras.tsx";
import { Moment } from "./Moment.tsx";
import { visibleText } from "./visibleText.ts";
import "./line.css";

/** More of a message does not fit into any line. */
const MOST = 300;

/** What a line of a list says of a notification: when, what, and for whom. */
export function Line({ record }: { record: NotificationRecord }) {
  const { t } = useTranslation();
  const { priority, message } = record;
  return (
    <>
      <span className="line-time faint">
        <Moment at={record.timestamp} />
      </span>
      <span className="line-type">
        <TypeName type={record.type} />
      </span>
      <span className="line-text">
        {priority === "high" || priority === "critical" ? <PriorityBadge priority={priority} /> : null}
        <span className="cut">{message === "" ? t("common.noMessage") : visibleText(message.slice(0, MOST))}</span>
        <Marks record={record} />
      </span>
      <span className="line-whom cut faint">
        <AudienceText audience={record.audience} />
      </span>
    </>
  );
}
