import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { AudiencePreview } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { useSession } from "../../session/SessionContext.ts";
import { Callout } from "../../ui/Callout.tsx";
import { Clamped } from "../../ui/Clamped.tsx";
import { preview as ask } from "./reaching.ts";
import type { Asked, Sending } from "./useSending.ts";
import { Who } from "./Who.tsx";
import "./reach.css";

const RECOUNT = 2_000;

interface ConfirmProps {
  sending: Sending;
  /** Whether it was sent before. */
  isAgain?: boolean;
}

/** Says whom a notification reaches, counted anew while one reads, and wants a yes. */
export function Confirm({ sending, isAgain = false }: ConfirmProps) {
  const { t } = useTranslation();
  const { asked } = sending;
  return (
    <Modal
      opened={asked !== null}
      onClose={sending.cancel}
      title={asked === null ? "" : <Title asked={asked} isAgain={isAgain} />}
      closeButtonProps={{ "aria-label": t("common.close") }}
      attributes={{ header: { role: "presentation" } }} // a <header> outside of <main> would be a second banner
      classNames={{ title: "asked-title" }}
      centered
      size="md"
    >
      {asked === null ? null : <Question asked={asked} sending={sending} isAgain={isAgain} />}
    </Modal>
  );
}

interface QuestionProps {
  asked: Asked;
  sending: Sending;
  isAgain: boolean;
}

/** The count of now; what it was when it was asked until there is another. */
function useRecount({ body, preview }: Asked): AudiencePreview {
  const { api } = useSession();
  const { data } = useQuery<AudiencePreview>({
    queryKey: ["reach", JSON.stringify(body)],
    queryFn: ({ signal }) => ask(api, body, signal),
    refetchInterval: RECOUNT,
  });
  return data ?? preview;
}

function Title({ asked, isAgain }: { asked: Asked; isAgain: boolean }) {
  const { t } = useTranslation();
  const { list } = useFormats();
  const counted = useCounted(useRecount(asked));
  if (asked.question === "partial") return t("send.partialTitle", { fields: list(asked.preview.missing) });
  return t(isAgain ? "send.askAgain" : "send.ask", { whom: counted });
}

/** "12 users", or connections where there are no users to count. */
function useCounted({ users, online }: AudiencePreview): string {
  const { t } = useTranslation();
  const { whole } = useFormats();
  return users > 0
    ? t("send.toUsers", { count: users, formatted: whole(users) })
    : t("send.sockets", { count: online.sockets, formatted: whole(online.sockets) });
}

function Question({ asked, sending, isAgain }: QuestionProps) {
  const { t } = useTranslation();
  const { whole, list } = useFormats();
  const now = useRecount(asked);
  const counted = useCounted(now);
  const isPartial = asked.question === "partial";
  const fields = list(asked.preview.missing);
  return (
    <Stack gap="md">
      {isPartial ? (
        <Callout tone="orange" role="presentation" title={t("send.partialText", { fields })} />
      ) : (
        <div className="asked-text">
          {now.title === null ? null : <Clamped text={now.title} lines={2} fw={600} />}
          <Clamped text={now.message === "" ? t("common.noMessage") : now.message} lines={3} />
        </div>
      )}
      <div>
        <Text size="sm" data-testid="asked-reach">
          <strong>{t("send.reaches", { count: now.users, formatted: whole(now.users) })}</strong>
          {` · ${t("send.online", { count: now.online.users, formatted: whole(now.online.users) })} · `}
          {t("send.sockets", { count: now.online.sockets, formatted: whole(now.online.sockets) })}
        </Text>
        <Text size="sm" c="dimmed">
          {t(asked.body.persist === false ? "send.askNotStored" : "send.askStored")}
        </Text>
        <Who preview={now} />
      </div>
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={sending.cancel} data-autofocus>
          {t(isPartial ? "send.partialBack" : "common.cancel")}
        </Button>
        <Button {...(isPartial ? { color: "#8a3f00" } : {})} onClick={sending.confirm}>
          {isPartial
            ? t("send.partialYes", { whom: counted })
            : t(isAgain ? "send.askAgainYes" : "send.askYes", { whom: counted })}
        </Button>
      </Group>
    </Stack>
  );
}
