import { Box, Group, Stack, Text, Title } from "@mantine/core";
import { useEffect, useRef, type ReactNode } from "react";
import { nameTab } from "../shell/title.ts";

interface SectionProps {
  title: string;
  intro?: string;
  actions?: ReactNode;
  children: ReactNode;
}

/** A screen: its heading takes the focus when one gets here, so that a screen reader says where one is. */
export function Section({ title, intro, actions, children }: SectionProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    nameTab(title);
    if (
      document.activeElement === null ||
      document.activeElement === document.body ||
      document.activeElement.closest("nav, [role=dialog]")
    ) {
      heading.current?.focus({ preventScroll: true });
    }
  }, [title]);
  return (
    <Stack gap="md" maw={1360} mx="auto">
      <Group justify="space-between" align="flex-end" gap="sm">
        <Box>
          <Title order={1} ref={heading} tabIndex={-1}>
            {title}
          </Title>
          {intro === undefined ? null : <Text c="dimmed">{intro}</Text>}
        </Box>
        {actions}
      </Group>
      {children}
    </Stack>
  );
}

interface PanelProps {
  title?: string;
  aside?: ReactNode;
  children: ReactNode;
  padded?: boolean;
}

export function Panel({ title, aside, children, padded = true }: PanelProps) {
  return (
    <Box component="section" className="panel" miw={0} {...(title === undefined ? {} : { "aria-label": title })}>
      {title === undefined ? null : (
        <Group justify="space-between" px="md" pt="md" pb={padded ? 0 : "sm"} gap="xs">
          <Title order={2}>{title}</Title>
          {aside}
        </Group>
      )}
      <Box p={padded ? "md" : 0}>{children}</Box>
    </Box>
  );
}
