import { Button, Group, Text, type GroupProps } from "@mantine/core";
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

interface PagerProps extends GroupProps {
  isFirst: boolean;
  isLast: boolean;
  back: string;
  next: string;
  onBack: () => void;
  onNext: () => void;
  /** The page's number, for the list that a screen is about; other lists have small buttons, and none to one page. */
  page?: number;
}

/** The way to the other pages of a list, below it. */
export function Pager({ isFirst, isLast, back, next, onBack, onNext, page, ...group }: PagerProps) {
  const { t } = useTranslation();
  if (page === undefined && isFirst && isLast) return null;
  const look = page === undefined ? { size: "xs" } : { px: "sm" };
  const icons =
    page === undefined ? [] : [<IconChevronLeft size={16} aria-hidden />, <IconChevronRight size={16} aria-hidden />];
  return (
    <Group justify="space-between" wrap="nowrap" gap="xs" {...group}>
      <Button variant="default" {...look} disabled={isFirst} leftSection={icons[0]} onClick={onBack}>
        {back}
      </Button>
      {page === undefined ? null : (
        <Text size="sm" c="dimmed" role="status" style={{ whiteSpace: "nowrap" }}>
          {t("history.page", { page })}
        </Text>
      )}
      <Button variant="default" {...look} disabled={isLast} rightSection={icons[1]} onClick={onNext}>
        {next}
      </Button>
    </Group>
  );
}
