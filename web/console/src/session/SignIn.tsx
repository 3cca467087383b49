import { Box, Button, Group, PasswordInput, Stack, Text, Title, VisuallyHidden } from "@mantine/core";
import { IconClock } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../api/client.ts";
import { Mark } from "../shell/Mark.tsx";
import { Preferences } from "../shell/Preferences.tsx";
import { nameTab } from "../shell/title.ts";
import { Callout } from "../ui/Callout.tsx";
import "../shell/shell.css";

/** Seconds that one has to wait after each failure in a row: a slip costs nothing, guessing does. */
const WAITS = [0, 0, 2, 5, 10, 30];

interface SignInProps {
  reason: "none" | "ended" | "left";
  onSignIn: (credential: string) => Promise<void>;
}

export function SignIn({ reason, onSignIn }: SignInProps) {
  const { t } = useTranslation();
  const [credential, setCredential] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [failures, setFailures] = useState(0);
  const [wait, setWait] = useState(0);
  const field = useRef<HTMLInputElement>(null);

  useEffect(() => {
    nameTab(t("session.title"));
  }, [t]);
  useEffect(() => {
    field.current?.focus(); // the one thing to do here
  }, []);
  useEffect(() => {
    if (wait === 0) return;
    const timer = setTimeout(() => {
      setWait(wait - 1);
    }, 1_000);
    return () => {
      clearTimeout(timer);
    };
  }, [wait]);

  async function submit() {
    if (credential.trim() === "") return;
    setBusy(true);
    setProblem(null);
    try {
      await onSignIn(credential.trim());
    } catch (error) {
      setProblem(reasonOf(error));
      if (error instanceof ApiError && error.status === 401) {
        setWait(WAITS[Math.min(failures + 1, WAITS.length - 1)] ?? 0);
        setFailures(failures + 1);
      }
    } finally {
      setBusy(false);
    }
  }

  function reasonOf(error: unknown): string {
    if (!(error instanceof ApiError) || error.status === 0) return t("session.unreachable");
    if (error.status === 403) return t("session.forbidden");
    return error.status === 401 ? t("session.wrong") : error.message;
  }

  return (
    <Box component="main" mih="100dvh" p="md" style={{ display: "grid", placeItems: "center" }}>
      <Box className="panel" p="xl" w="100%" maw={440}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void submit();
          }}
        >
          <Stack gap="md">
            <Group justify="space-between">
              <Mark />
              <Preferences />
            </Group>
            <Title order={1}>{t("session.title")}</Title>
            <Text>{t("session.intro")}</Text>
            {reason === "ended" ? <Callout tone="orange" title={t("session.ended")} /> : null}
            <PasswordInput
              label={t("session.credential")}
              description={t("session.hint")}
              value={credential}
              onChange={(event) => {
                setCredential(event.currentTarget.value);
              }}
              error={problem}
              autoComplete="off"
              spellCheck={false}
              required
              ref={field}
            />
            <VisuallyHidden role="status">{wait > 0 ? t("session.tooSoon") : ""}</VisuallyHidden>
            {wait > 0 ? (
              <Text size="sm" className="warned numbers" aria-hidden>
                <IconClock size={16} aria-hidden />
                {t("session.waiting", { count: wait })}
              </Text>
            ) : null}
            <Button type="submit" loading={isBusy} disabled={wait > 0}>
              {t("session.submit")}
            </Button>
          </Stack>
        </form>
      </Box>
    </Box>
  );
}
