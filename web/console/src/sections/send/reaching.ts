import type { Api } from "../../api/client.ts";
import type { AudiencePreview, PublishBody } from "../../api/records.ts";

/** Whom this would reach and what it would say, as the server has it. Raises `ApiError` for what could not be published. */
export function preview(api: Api, body: PublishBody, signal?: AbortSignal): Promise<AudiencePreview> {
  return api.post<AudiencePreview>("/v1/audience/preview", body, signal);
}

export type Question = "partial" | "many";

/**
 * What somebody is asked before this goes out; null where nothing is: it is for one user alone, or for nobody, which the
 * server refuses by the name of the field that it needs.
 */
export function questionOf({ audience, users, online, missing }: AudiencePreview): Question | null {
  const { all, roles, topics } = audience;
  const isNamed = !all && roles.length === 0 && topics.length === 0;
  if (isNamed && audience.users.length === 0) return null;
  if (missing.length > 0) return "partial";
  // Connections without a user are people, too, and in no count of users.
  return users > 1 || (!isNamed && online.sockets > 1) ? "many" : null;
}
