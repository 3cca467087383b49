import { ApiError } from "../../api/client.ts";
import type { RecordWithReceipts } from "../../api/records.ts";

/** Why a change cannot be saved as it was written; `by` is what took the place of the one that was changed. */
export type Obstacle = { kind: "meanwhile" | "retracted" | "failed" } | { kind: "replaced"; by: string | null };

/** What is known of where a notification is. */
export interface Standing {
  status?: RecordWithReceipts["status"] | "scheduled";
  replaced_by?: string;
}

/** What stands in the way: what the server answered, or what has been heard of the notification since. */
export function obstacleOf(error: Error | null, { status, replaced_by: by }: Standing): Obstacle | null {
  const refusal = error instanceof ApiError ? error : null;
  if (refusal?.code === "replaced") return { kind: "replaced", by: refusal.replacedBy ?? by ?? null };
  if (status === "replaced") return { kind: "replaced", by: by ?? null };
  if (status === "retracted") return { kind: "retracted" };
  // A condition that does not hold is 412 by RFC 9110 §13.1.1, a revision in the body 409.
  if (refusal?.code === "revision_mismatch" || refusal?.status === 412) return { kind: "meanwhile" };
  return error === null ? null : { kind: "failed" };
}
