import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { useGet } from "../../api/queries.ts";
import type { ConnectedUser, Here, Presence, Users } from "../../api/records.ts";
import { useSession } from "../../session/SessionContext.ts";

const PAGE = 100;

/** Of connections, which nobody tells of: how much waits in one, for instance. */
const REFRESH = 2_000;

/** Of who is here, which is told live: in case that this was missed. */
const SLOW_REFRESH = 15_000;

/** Pages that are looked through for one name among those that contain it. */
const MOST_PAGES = 20;

interface Wanted {
  q: string;
  role: string | null;
  topic: string | null;
  after: string | null;
}

export type Person = Pick<Here, "user" | "roles" | "connections" | "since">;

export interface People {
  people: readonly Person[];
  total: number;
  next: string | null;
}

interface Found {
  people: People | undefined;
  error: Error | null;
  retry: () => void;
}

/**
 * A page of who is here, as the server finds them: whoever is looked for need not be on the first page. Names are
 * searched among the connections of the node that answers, everything else is of all nodes.
 */
export function usePeople({ q, role, topic, after }: Wanted): Found {
  const isSearch = q !== "";
  const options = { refetchInterval: SLOW_REFRESH, keep: true };
  const page = { limit: PAGE, after, role };
  const here = useGet<Presence>("/v1/presence", { ...page, topic }, { ...options, enabled: !isSearch });
  const found = useGet<Users>("/v1/users", { ...page, q }, { ...options, enabled: isSearch });
  const { error, refetch } = isSearch ? found : here;
  return { people: isSearch ? peopleOf(found.data) : presentOf(here.data), error, retry: () => void refetch() };
}

function presentOf(page: Presence | undefined): People | undefined {
  return page && { people: page.items, total: page.total.users, next: page.next_after };
}

function peopleOf(page: Users | undefined): People | undefined {
  return page && { people: page.users.map(personOf), total: page.total, next: page.next_after };
}

function personOf({ user, roles, connections }: ConnectedUser): Person {
  const since = connections.map((one) => one.since).sort()[0] ?? null; // in UTC, so that text has their order
  return { user, roles, connections: connections.length, since };
}

/** Connections that belong to no user: the first of them, and how many there are. */
export function useNameless(): Pick<Users, "nameless" | "nameless_total"> | undefined {
  return useGet<Users>("/v1/users", { limit: 1 }, { refetchInterval: SLOW_REFRESH }).data;
}

/** Whether somebody is here, else when that was; null for who was never here. */
export function useHere(user: string, isWanted = true): Here | null | undefined {
  const { data } = useGet<Presence>("/v1/presence", { user }, { refetchInterval: SLOW_REFRESH, enabled: isWanted });
  return data === undefined ? undefined : (data.items.find((one) => one.user === user) ?? null);
}

/** One user by the whole name, whatever the list beside is narrowed to; null for who is not connected to this node. */
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
