import type { Api } from "../../api/client.ts";
import type { AudiencePreview } from "../../api/records.ts";
import type { Operation } from "./openapi.ts";

/** Of a batch this many are asked for; the rest reaches somebody as well. */
const MOST = 20;

export interface ReachNumbers {
  users: number;
  online: number;
}

/** How many people a publish would reach; null for an operation that publishes nothing. */
export async function reachOf(api: Api, operation: Operation, body: unknown): Promise<ReachNumbers | null> {
  if (operation.tag !== "publish") return null;
  const all = (body as { notifications?: unknown[] } | undefined)?.notifications ?? [body];
  const reached = await Promise.all(
    all.slice(0, MOST).map((one) => api.post<AudiencePreview>("/v1/audience/preview", one)),
  );
  return {
    users: Math.max(0, ...reached.map(({ users, online }) => Math.max(users, online.users))),
    online: Math.max(0, ...reached.map(({ online }) => online.users)),
  };
}
