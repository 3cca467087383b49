import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery, type UseQueryResult } from "@tanstack/react-query";
import type { AudiencePreview, PublishBody } from "../../api/records.ts";
import { useSession } from "../../session/SessionContext.ts";
import { preview } from "./reaching.ts";

const RECOUNT = 3_000;

/** Whom the draft would reach and what it would say: asked anew while it is written, and as people come and go. */
export function useReach(body: PublishBody): UseQueryResult<AudiencePreview> {
  const { api } = useSession();
  const [settled] = useDebouncedValue(JSON.stringify(body), 250);
  return useQuery<AudiencePreview>({
    queryKey: ["reach", settled],
    queryFn: ({ signal }) => preview(api, JSON.parse(settled) as PublishBody, signal),
    refetchInterval: RECOUNT,
    placeholderData: keepPreviousData,
  });
}
