import { ConnectionBanner, NotificationProvider, NotificationToaster } from "@sio-server/react";
import { type ReactNode, useEffect, useState } from "react";
import { type Account, ask, getToken, Refused } from "./api.ts";
import { Dashboard } from "./Dashboard.tsx";
import { Header } from "./Header.tsx";
import { SignIn } from "./SignIn.tsx";
import { Travel } from "./Travel.tsx";

/** The link of a notification says where in the page it leads. */
function useRoute(): [string, (link: string) => void] {
  const [route, setRoute] = useState(location.hash.slice(1));
  useEffect(() => {
    const changed = (): void => {
      setRoute(location.hash.slice(1));
    };
    window.addEventListener("hashchange", changed);
    return () => {
      window.removeEventListener("hashchange", changed);
    };
  }, []);
  return [route, (link) => void (location.hash = link)];
}

/** Who is signed in: `null` for nobody, `undefined` until the backend has said. */
function useAccount(): [Account | null | undefined, (account: Account | null) => void, string | undefined] {
  const [account, setAccount] = useState<Account | null>();
  const [failed, setFailed] = useState<string>();
  useEffect(() => {
    ask<Account>("GET", "/yo").then(setAccount, (error: unknown) => {
      if (error instanceof Refused && error.status === 401) setAccount(null);
      else setFailed(error instanceof Error ? error.message : String(error));
    });
  }, []);
  return [account, setAccount, failed];
}

export function App(): ReactNode {
  const [account, setAccount, failed] = useAccount();
  const [route, go] = useRoute();
  if (account === undefined) return failed === undefined ? null : <p role="alert">{failed}</p>;
  if (account === null) return <SignIn onSignedIn={setAccount} />;
  const leave = (): void => {
    void ask("POST", "/usuarios/salir").finally(() => setAccount(null));
  };
  return (
    <NotificationProvider
      url={account.avisos}
      user={account.usuario_id}
      getToken={getToken}
      locale="es-PE"
      onNavigate={go}
    >
      <ConnectionBanner />
      <Header account={account} onLeave={leave} />
      {account.rol === "admin" ? <Dashboard /> : <Travel route={route} />}
      <NotificationToaster />
    </NotificationProvider>
  );
}
