import { useGet } from "../../api/queries.ts";
import type { NotificationRecord, RecordWithReceipts } from "../../api/records.ts";

/**
 * A record of the stream with what the server says of it when it is opened: what was answered, and what became of it
 * while the stream was cut. What the stream tells afterwards is newer.
 */
export function useAsItIs(record: NotificationRecord): NotificationRecord {
  const { data } = useGet<RecordWithReceipts>(
    `/v1/notifications/${encodeURIComponent(record.id)}`,
    { limit: 1 },
    { enabled: record.persist !== false, staleTime: 0 },
  );
  if (data?.id !== record.id) return record;
  const { status = data.status, replaced_by: by = data.replaced_by } = record;
  const newest = (data.revision ?? 0) > (record.revision ?? 0) ? data : record;
  return {
    ...newest,
    status,
    ...(by !== undefined && { replaced_by: by }),
    ...(data.answers !== undefined && { answers: data.answers }),
    ...(record.sockets !== undefined && { sockets: record.sockets }),
  };
}
