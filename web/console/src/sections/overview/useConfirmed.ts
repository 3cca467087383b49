import { useQuery } from "@tanstack/react-query";
import type { RecordWithReceipts } from "../../api/records.ts";
import { useLive } from "../../live/LiveContext.ts";
import { useSession } from "../../session/SessionContext.ts";

/** How many of the latest are looked at, how old they have to be for clients to have confirmed them, how often. */
const LATEST = 3;
const AGE_MS = 3_000;
const INTERVAL_MS = 10_000;

/** What part of the latest notifications clients have confirmed; null where none of them confirms anything. */
export function useConfirmed(): number | null {
  const { api } = useSession();
  const { feed } = useLive();
  const { data } = useQuery({
    queryKey: ["confirmed"],
    refetchInterval: INTERVAL_MS,
    queryFn: async ({ signal }) => {
      const old = Date.now() - AGE_MS;
      const latest = feed
        .getSnapshot()
        .records.filter((record) => record.persist !== false && new Date(record.timestamp).getTime() < old)
        .slice(-LATEST);
      const found = await Promise.all(
        latest.map(({ id }) => api.get<RecordWithReceipts>(`/v1/notifications/${id}`, { limit: 1 }, signal)),
      );
      const sum = (key: "sent" | "acknowledged") =>
        found.reduce((all, { receipts }) => all + (receipts?.[key] ?? 0), 0);
      return { sent: sum("sent"), acknowledged: sum("acknowledged") };
    },
  });
  return data === undefined || data.acknowledged === 0 || data.sent === 0 ? null : data.acknowledged / data.sent;
}
