import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { ApiError } from "../../api/client.ts";
import { useGet } from "../../api/queries.ts";
import type { Trace as Found } from "../../api/records.ts";
import { Failure } from "../../ui/Failure.tsx";
import { Panel } from "../../ui/Section.tsx";
import { LoadingLines } from "../../ui/States.tsx";
import "./trace.css";
import { Waterfall } from "./Waterfall.tsx";
import { Why } from "./Why.tsx";

const REFRESH = 3_000;

/** People whose way is drawn. */
const PEOPLE = 12;

interface TraceProps {
  id: string;
  /** Whether it was replaced or taken back: what is left of its way is what this node remembers. */
  isGone: boolean;
}

/** The way of one notification, and the question why somebody did not get it. */
export function Trace({ id, isGone }: TraceProps) {
  const { t } = useTranslation();
  const { data, error, refetch } = useGet<Found>(
    `/v1/notifications/${encodeURIComponent(id)}/trace`,
    { limit: PEOPLE },
    { refetchInterval: REFRESH, keep: true },
  );
  return (
    <Panel title={t("trace.title")}>
      {data !== undefined ? (
        <div className="trace">
          <Waterfall trace={data} isGone={isGone} />
          <Why id={id} known={knownUsers(data)} />
        </div>
      ) : error === null ? (
        <LoadingLines lines={6} />
      ) : error instanceof ApiError && error.status === 404 ? (
        <Text c="dimmed">{t("trace.missing")}</Text>
      ) : (
        <Failure error={error} onRetry={() => void refetch()} />
      )}
    </Panel>
  );
}

/** Whom one is likely to ask about: those it was for. */
function knownUsers({ notification, receipts }: Found): string[] {
  return [...new Set([...notification.audience.users, ...(receipts?.users ?? []).map((one) => one.user)])];
}
