import { localStorageColorSchemeManager, MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useState, useSyncExternalStore } from "react";
import { Router } from "wouter";
import { createQueries } from "./api/queries.ts";
import { language } from "./i18n/index.ts";
import { LiveProvider } from "./live/LiveProvider.tsx";
import { SimulationProvider } from "./sections/simulator/SimulationProvider.tsx";
import { createSessionStore } from "./session/session.ts";
import { SessionContext } from "./session/SessionContext.ts";
import { SignIn } from "./session/SignIn.tsx";
import { useHashPath } from "./shell/address.ts";
import { useGuestPage } from "./shell/guestPage.ts";
import { Shell } from "./shell/Shell.tsx";
import { Waiting } from "./shell/Waiting.tsx";
import { theme, variables } from "./theme.ts";
import { Notices } from "./ui/Notices.tsx";
import { FullPage } from "./ui/States.tsx";
import { Failure } from "./ui/Failure.tsx";
import { ApiError } from "./api/client.ts";

const scheme = localStorageColorSchemeManager({ key: "sio-server:theme" });
const session = createSessionStore(language);
const GuestPage = lazy(() => import("./guest/GuestPage.tsx"));

export function App() {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={variables}
      defaultColorScheme="auto"
      colorSchemeManager={scheme}
    >
      <Notices />
      <Page />
    </MantineProvider>
  );
}

function Page() {
  const guest = useGuestPage();
  if (guest === null) return <Session />;
  return (
    <Suspense fallback={<Waiting />}>
      <GuestPage stand={guest} />
    </Suspense>
  );
}

function Session() {
  const state = useSyncExternalStore(session.subscribe, session.getSnapshot);
  const opened = state.status === "signedIn" ? state.session : null;
  // Another session sees nothing of what this one has read.
  const [queries, setQueries] = useState(createQueries);
  const [owner, setOwner] = useState(opened);
  if (owner !== opened) {
    setOwner(opened);
    setQueries(createQueries());
  }

  useEffect(() => {
    void session.start();
  }, []);

  if (state.status === "loading") return <Waiting />;
  if (state.status === "unreachable") {
    return (
      <FullPage>
        <Failure error={new ApiError("unreachable", 0, "")} onRetry={() => void session.start()} />
      </FullPage>
    );
  }
  if (state.status === "signedOut") return <SignIn reason={state.reason} onSignIn={session.signIn} />;
  return (
    <SessionContext value={state.session}>
      <QueryClientProvider client={queries}>
        <LiveProvider>
          <SimulationProvider>
            <Router hook={useHashPath}>
              <Shell onSignOut={session.signOut} />
            </Router>
          </SimulationProvider>
        </LiveProvider>
      </QueryClientProvider>
    </SessionContext>
  );
}
