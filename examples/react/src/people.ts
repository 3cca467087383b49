// A backend of your own says who is logged in, and makes a token for them: then `getToken` takes the place of `identity`.
export const PEOPLE = {
  ana: { name: "Ana Quispe", role: "turista", said: "Viajera" },
  marta: { name: "Marta Salas", role: "admin", said: "Agencia" },
} as const;

export type Person = keyof typeof PEOPLE;
