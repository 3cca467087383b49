import { AppShell, Badge, Box, Burger, Button, Group, NavLink, ScrollArea, Text, Tooltip } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconLogout } from "@tabler/icons-react";
import { Suspense, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Link, Redirect, Route, Switch, useLocation } from "wouter";
import { useSession } from "../session/SessionContext.ts";
import { Guard } from "../ui/Guard.tsx";
import { LoadingLines } from "../ui/States.tsx";
import { ConnectionBanner } from "./ConnectionBanner.tsx";
import { ConnectionStatus } from "./ConnectionStatus.tsx";
import { Mark } from "./Mark.tsx";
import { SECTIONS } from "./navigation.ts";
import { Preferences } from "./Preferences.tsx";

export function Shell({ onSignOut }: { onSignOut: () => void }) {
  const { t } = useTranslation();
  const [isOpen, menu] = useDisclosure(false);
  const main = useRef<HTMLElement>(null);
  const [location] = useLocation();

  return (
    <AppShell
      header={{ height: 60 }}
      navbar={{ width: 232, breakpoint: "sm", collapsed: { mobile: !isOpen } }}
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
            <ConnectionStatus />
            <Preferences />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar className="bar" p="sm" aria-label={t("app.sections")}>
        <AppShell.Section grow component={ScrollArea}>
          {SECTIONS.map(({ key, path, icon: Icon }) => {
            const isHere = path === "/" ? location === "/" : location.startsWith(path);
            return (
              <NavLink
                key={key}
                component={Link}
                href={path}
                label={t(`nav.${key}`)}
                leftSection={<Icon size={20} stroke={1.7} aria-hidden />}
                active={isHere}
                aria-current={isHere ? "page" : undefined}
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
        <Guard key={location}>
          <Suspense fallback={<LoadingLines />}>
            <Switch>
              {SECTIONS.map(({ key, pattern, component }) => (
                <Route key={key} path={pattern} component={component} />
              ))}
              <Route>
                <Redirect to="/" />
              </Route>
            </Switch>
          </Suspense>
        </Guard>
      </AppShell.Main>
    </AppShell>
  );
}

function Identity({ onSignOut }: { onSignOut: () => void }) {
  const { t } = useTranslation();
  const session = useSession();
  return (
    <Box pt="sm" style={{ borderTop: "1px solid var(--console-border)" }}>
      {session.development ? (
        <Tooltip label={t("app.developmentHint")} multiline maw={220}>
          <Badge variant="outline" color="orange" tt="none" size="lg" tabIndex={0} className="outlined outlined-orange">
            {t("app.development")}
          </Badge>
        </Tooltip>
      ) : (
        <Group justify="space-between" gap="xs" wrap="nowrap">
          <Text size="sm" className="cut" title={session.user ?? undefined}>
            {session.kind === "key"
              ? t("session.asKey")
              : session.user === null
                ? t("session.asToken")
                : t("session.asUser", { user: session.user })}
          </Text>
          <Button size="xs" variant="default" leftSection={<IconLogout size={16} aria-hidden />} onClick={onSignOut}>
            {t("session.signOut")}
          </Button>
        </Group>
      )}
      <Text size="xs" c="dimmed" mt={6}>
        {t("app.version", { version: session.version })}
      </Text>
    </Box>
  );
}
