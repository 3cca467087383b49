import { Button, Text } from "@mantine/core";
import { IconLock, IconRefresh } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../api/client.ts";
import { Callout } from "./Callout.tsx";

interface FailureProps {
  error: Error;
  onRetry?: (() => void) | undefined;
  forbiddenText?: string;
}

/** Why something could not be shown, and a way on. */
export function Failure({ error, onRetry, forbiddenText }: FailureProps) {
  const { t } = useTranslation();
  if (error instanceof ApiError && error.status === 403) {
    return (
      <Callout m="md" tone="orange" icon={<IconLock size={20} aria-hidden />} title={t("states.forbidden")}>
        <Text size="sm">{forbiddenText ?? t("states.forbiddenText")}</Text>
      </Callout>
    );
  }
  return (
    <Callout m="md" tone="red" role="alert" title={t("states.error")}>
      <Text size="sm" mb="sm">
        <Reason error={error} />
      </Text>
      {onRetry === undefined ? null : (
        <Button size="xs" variant="default" leftSection={<IconRefresh size={16} aria-hidden />} onClick={onRetry}>
          {t("states.retry")}
        </Button>
      )}
    </Callout>
  );
}

/** What the server said, or why it could not say anything. */
export function Reason({ error }: { error: Error }) {
  const { t } = useTranslation();
  if (!(error instanceof ApiError)) return t("states.unknown");
  if (error.status === 0) return t("states.unreachable");
  return (
    <>
      {error.message} <code>{error.code}</code>
    </>
  );
}
