import { AppShell, Burger, Group, NavLink, ScrollArea } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { lazy, Suspense, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Link, Redirect, Route, Switch, useLocation } from "wouter";
import { SimulationChip } from "../sections/simulator/SimulationChip.tsx";
import { Guard } from "../ui/Guard.tsx";
import { LoadingLines } from "../ui/States.tsx";
import { useAddressIsWhole } from "./address.ts";
import { ConnectionBanner } from "./ConnectionBanner.tsx";
import { ConnectionStatus } from "./ConnectionStatus.tsx";
import { Identity } from "./Identity.tsx";
import { Mark } from "./Mark.tsx";
import { SECTIONS } from "./navigation.ts";
import { PaletteButton } from "./PaletteButton.tsx";
import { Preferences } from "./Preferences.tsx";
import "./shell.css";

const NoAddress = lazy(() => import("./NoAddress.tsx"));

export function Shell({ onSignOut }: { onSignOut: () => void }) {
  const { t } = useTranslation();
  const [isOpen, menu] = useDisclosure(false);
  const main = useRef<HTMLElement>(null);
  const [location] = useLocation();
  const isWhole = useAddressIsWhole();
  const isAt = (path: string) =>
    path === "/" ? location === "/" : location === path || location.startsWith(`${path}/`);
  const section = SECTIONS.find(({ path }) => isAt(path));

  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 224, breakpoint: "sm", collapsed: { mobile: !isOpen } }}
      padding={{ base: "sm", sm: "lg" }}
    >
      <a
        className="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault(); // the address belongs to the sections
          main.current?.focus();
        }}
      >
        {t("app.skip")}
      </a>
      <AppShell.Header className="bar">
        <Group h="100%" px="md" justify="space-between" wrap="nowrap" gap="xs">
          <Group gap="sm" wrap="nowrap">
            <Burger
              opened={isOpen}
              onClick={menu.toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={isOpen ? t("app.closeMenu") : t("app.menu")}
              aria-expanded={isOpen}
            />
            <Mark />
          </Group>
          <Group gap="xs" wrap="nowrap">
            <SimulationChip />
            <PaletteButton onSignOut={onSignOut} />
            <ConnectionStatus />
            <Preferences />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar className="bar" p="sm" aria-label={t("app.sections")}>
        <AppShell.Section grow component={ScrollArea}>
          {SECTIONS.map(({ key, path, icon: Icon }) => {
            return (
              <NavLink
                key={key}
                component={Link}
                href={path}
                label={t(`nav.${key}`)}
                leftSection={<Icon size={18} stroke={1.8} aria-hidden />}
                aria-current={isAt(path) ? "page" : undefined}
                onClick={menu.close}
                className="entry"
              />
            );
          })}
        </AppShell.Section>
        <AppShell.Section>
          <Identity onSignOut={onSignOut} />
        </AppShell.Section>
      </AppShell.Navbar>
      <AppShell.Main className="main" id="main" tabIndex={-1} ref={main} style={{ outline: "none" }}>
        <ConnectionBanner />
        <Guard key={section?.keeps === true ? section.key : location} place={location}>
          <Suspense fallback={<LoadingLines />}>
            {isWhole ? (
              <Switch>
                {SECTIONS.map(({ key, pattern, component }) => (
                  <Route key={key} path={pattern} component={component} />
                ))}
                <Route>
                  <Redirect to="/" replace />
                </Route>
              </Switch>
            ) : (
              <NoAddress />
            )}
          </Suspense>
        </Guard>
      </AppShell.Main>
    </AppShell>
  );
}
