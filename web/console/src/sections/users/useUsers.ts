import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { useGet } from "../../api/queries.ts";
import type { ConnectedUser, Users } from "../../api/records.ts";
import { useSession } from "../../session/SessionContext.ts";

const PAGE = 100;
const REFRESH = 2_000;

/** Pages that are looked through for one name among those that contain it. */
const MOST_PAGES = 20;

interface Wanted {
  q: string;
  role: string | null;
  after: string | null;
}

/** A page of who is connected, as the server finds them: whoever is looked for need not be on the first page. */
export function useUsers({ q, role, after }: Wanted): UseQueryResult<Users> {
  return useGet<Users>("/v1/users", { q, role, limit: PAGE, after }, { refetchInterval: REFRESH, keep: true });
}

/** One user by the whole name, whatever the list beside is narrowed to; null for who is not connected. */
export function useConnected(user: string): UseQueryResult<ConnectedUser | null> {
  const { api } = useSession();
  return useQuery({
    queryKey: ["/v1/users", "one", user],
    refetchInterval: REFRESH,
    queryFn: async ({ signal }) => {
      let after: string | null = null;
      for (let page = 0; page < MOST_PAGES; page += 1) {
        const found: Users = await api.get<Users>("/v1/users", { q: user, limit: PAGE, after }, signal);
        const one = found.users.find((each) => each.user === user);
        if (one !== undefined) return one;
        after = found.next_after;
        if (after === null) break;
      }
      return null;
    },
  });
}
