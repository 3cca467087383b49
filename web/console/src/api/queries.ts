import { keepPreviousData, QueryClient, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { useSession } from "../session/SessionContext.ts";
import { ApiError, type Query } from "./client.ts";
import type { Catalog } from "./records.ts";

export function createQueries(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        refetchOnWindowFocus: true,
        // What the server refuses it refuses again; what did not arrive is worth two more attempts.
        retry: (failures, error) =>
          failures < 2 && error instanceof ApiError && (error.status === 0 || error.status >= 500),
        retryDelay: (failures) => 400 * 2 ** failures,
        networkMode: "always", // the server may well be this machine
      },
    },
  });
}

/** One GET of the server. */
export function useGet<T>(
  path: string,
  query: Query = {},
  options: { enabled?: boolean; refetchInterval?: number; keep?: boolean; staleTime?: number } = {},
): UseQueryResult<T> {
  const { api } = useSession();
  return useQuery<T>({
    queryKey: [path, query],
    queryFn: ({ signal }) => api.get<T>(path, query, signal),
    ...(options.enabled === undefined ? {} : { enabled: options.enabled }),
    ...(options.refetchInterval === undefined ? {} : { refetchInterval: options.refetchInterval }),
    ...(options.staleTime === undefined ? {} : { staleTime: options.staleTime }),
    ...(options.keep === true ? { placeholderData: keepPreviousData } : {}),
  });
}

/** The event types hardly ever change while the server runs. */
export function useCatalog(): UseQueryResult<Catalog> {
  return useGet<Catalog>("/v1/catalog", {}, { staleTime: 60_000 });
}

/** The two roles of the system, and those that the catalogue names. */
export function useRoles(): string[] {
  const types = useCatalog().data?.types ?? [];
  return [...new Set(["admin", "turista", ...types.flatMap((kind) => kind.audience.roles)])];
}
