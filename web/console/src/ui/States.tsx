import { Center, EmptyState, Skeleton, Stack } from "@mantine/core";
import { IconInbox } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

export function FullPage({ children }: { children: ReactNode }) {
  return (
    <Center component="main" mih="100dvh" p="md">
      {children}
    </Center>
  );
}

/** Bars where lines will be, so that nothing jumps. */
export function LoadingLines({ lines = 6 }: { lines?: number }) {
  const { t } = useTranslation();
  return (
    <Stack gap="sm" p="md" role="status" aria-label={t("states.loading")}>
      {Array.from({ length: lines }, (_, line) => (
        <Skeleton key={line} height={22} width={`${92 - ((line * 17) % 40)}%`} />
      ))}
    </Stack>
  );
}

interface NothingProps {
  title: string;
  text?: string;
  icon?: ReactNode;
  children?: ReactNode;
}

export function Nothing({ title, text, icon, children }: NothingProps) {
  return (
    <EmptyState py="xl" px="md" icon={icon ?? <IconInbox aria-hidden />} title={title} description={text ?? null}>
      {children === undefined ? null : <EmptyState.Actions>{children}</EmptyState.Actions>}
    </EmptyState>
  );
}
