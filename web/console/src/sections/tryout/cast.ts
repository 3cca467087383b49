import type { Api } from "../../api/client.ts";
import type { Pass } from "../../api/records.ts";
import type { Stand } from "../../guest/port.ts";

/** Who plays: the user behind each screen. */
export type Cast = Readonly<Record<Stand, string>>;

export interface Casting {
  /** A pass for one of the two; the first makes the guest, later ones are for the same. Raises `ApiError`. */
  pass: (stand: Stand) => Promise<Pass>;
  /** Both of them; null until both are known. */
  cast: () => Cast | null;
}

const castings = new WeakMap<Api, Casting>();

/** The two guests of a session. They stay who they are while one looks at other sections. */
export function castingOf(api: Api): Casting {
  const known = castings.get(api) ?? createCasting(api);
  castings.set(api, known);
  return known;
}

function createCasting(api: Api): Casting {
  const users: Partial<Record<Stand, string>> = {};
  return {
    async pass(stand) {
      const user = users[stand];
      const pass = await api.post<Pass>("/v1/passes", user === undefined ? {} : { user });
      users[stand] = pass.user;
      return pass;
    },
    cast() {
      const { desk, phone } = users;
      return desk === undefined || phone === undefined ? null : { desk, phone };
    },
  };
}
