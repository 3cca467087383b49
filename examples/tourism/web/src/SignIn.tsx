import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { type Account, ask, type DemoAccount } from "./api.ts";
import { Mountains } from "./Landscape.tsx";
import { Logo } from "./Logo.tsx";
import { useDoing } from "./useDoing.ts";

interface Props {
  onSignedIn: (account: Account) => void;
}

export function SignIn({ onSignedIn }: Props): ReactNode {
  const [isNew, setNew] = useState(false);
  const { isBusy, failed, run } = useDoing();

  const enter = (path: string, fields: object): void => {
    run(async () => {
      onSignedIn(await ask<Account>("POST", path, fields));
    });
  };
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(event.currentTarget));
    enter(isNew ? "/usuarios/register" : "/usuarios/login", fields);
  };

  return (
    <main className="entrance">
      <Mountains />
      <section aria-labelledby="sign-in-title">
        <p className="brand">
          <Logo /> Andina
        </p>
        <h1 id="sign-in-title">{isNew ? "Crea tu cuenta" : "Entra en tu cuenta"}</h1>
        <form onSubmit={submit}>
          {isNew && (
            <label>
              Nombre
              <input name="nombre" required maxLength={80} autoComplete="name" />
            </label>
          )}
          <label>
            Correo
            <input name="email" type="email" required maxLength={200} autoComplete="username" />
          </label>
          <label>
            Clave
            <input
              name="clave"
              type="password"
              required
              minLength={isNew ? 8 : 1}
              maxLength={200}
              autoComplete={isNew ? "new-password" : "current-password"}
            />
          </label>
          {failed && <p role="alert">{failed}</p>}
          <button type="submit" className="button" aria-disabled={isBusy}>
            {isNew ? "Crear la cuenta" : "Entrar"}
          </button>
        </form>
        <button type="button" className="quiet" onClick={() => setNew(!isNew)}>
          {isNew ? "Ya tengo cuenta" : "Es mi primera vez"}
        </button>
        <Demo onChoose={({ email, clave }) => enter("/usuarios/login", { email, clave })} />
      </section>
    </main>
  );
}

/** Where the system is only tried: two people, in one click each. */
function Demo({ onChoose }: { onChoose: (account: DemoAccount) => void }): ReactNode {
  const [accounts, setAccounts] = useState<readonly DemoAccount[]>([]);
  useEffect(() => {
    ask<DemoAccount[]>("GET", "/demo").then(setAccounts, () => undefined);
  }, []);
  if (accounts.length === 0) return null;
  return (
    <div className="demo">
      <p>Para probar, entra como</p>
      {accounts.map((account) => (
        <button key={account.email} type="button" className="quiet" onClick={() => onChoose(account)}>
          {account.nombre} <small>{account.rol === "admin" ? "Agencia" : "Viajera"}</small>
        </button>
      ))}
    </div>
  );
}
