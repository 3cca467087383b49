import { Anchor, Button, Group, Text } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconClock } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { UserTrace } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { Moment } from "../../ui/Moment.tsx";
import { PROTOCOLS } from "../../ui/protocols.ts";

const REACHED = ["sent", "acknowledged", "seen", "read"] as const;
const SENT = ["sent"] as const;

type Tone = "good" | "waiting" | "wrong";

const GOOD = new Set<UserTrace["verdict"]>([
  "read",
  "archived",
  "seen",
  "acknowledged",
  "claimed",
  "passing_sent",
  "gone_sent",
]);
const WAITING = new Set<UserTrace["verdict"]>([
  ...(["sent", "replaying", "before_connection", "elsewhere", "offline", "never_connected"] as const),
  ...(["token_expired", "revoked", "other_rooms", "passing_unknown", "gone_unknown"] as const),
]);
const ICONS = { good: IconCircleCheck, waiting: IconClock, wrong: IconAlertTriangle } as const;

/** The sentence, then what it is known by. */
export function Answer({ answer, onAsk }: { answer: UserTrace; onAsk: (user: string) => void }) {
  const { t } = useTranslation();
  const { whole } = useFormats();
  const tone: Tone = GOOD.has(answer.verdict) ? "good" : WAITING.has(answer.verdict) ? "waiting" : "wrong";
  const Icon = ICONS[tone];
  return (
    <div className="answer" data-testid="answer" data-verdict={answer.verdict}>
      <p className="verdict" data-tone={tone}>
        <Icon size={20} aria-hidden />
        <span dir="auto">{answer.text}</span>
      </p>
      {answer.alike.length === 0 ? null : (
        <Group gap="xs" mb="sm">
          {answer.alike.map((user) => (
            <Button
              key={user}
              size="compact-sm"
              variant="default"
              onClick={() => {
                onAsk(user);
              }}
            >
              {t("trace.tryOther", { user })}
            </Button>
          ))}
        </Group>
      )}
      {answer.sent ? (
        <dl className="answer-steps">
          {/* Of what has left the log it is not known how far it came: that it was sent is what this node remembers. */}
          {(answer.verdict === "gone_sent" ? SENT : REACHED).map((step) => {
            const at = answer[`${step}_at`];
            return (
              <div key={step} data-reached={answer[step]}>
                <dt>{t(`trace.reached.${step}`)}</dt>
                <dd>{at !== null ? <Moment at={at} full /> : answer[step] ? t("trace.someTime") : "–"}</dd>
              </div>
            );
          })}
        </dl>
      ) : null}
      {answer.connections.length === 0 ? null : (
        <>
          <Text size="sm" fw={600}>
            {t("trace.connections")}
          </Text>
          <ul className="answer-list">
            {answer.connections.map((leg) => (
              <Leg key={`${leg.protocol ?? ""} ${leg.since ?? ""} ${leg.id ?? ""}`} leg={leg} />
            ))}
          </ul>
        </>
      )}
      {answer.rooms.length === 0 ? null : (
        <>
          <Text size="sm" fw={600}>
            {t("trace.rooms")}
          </Text>
          <ul className="answer-list">
            {answer.rooms.map(({ room, from_seq: seq, missing_since: missing }) => (
              <li key={room} data-matched={answer.matched.includes(room)}>
                <code>{room}</code>{" "}
                <span className="faint">
                  {missing === null ? t("trace.roomFrom", { seq: whole(seq + 1) }) : t("trace.roomMissing")}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
      {answer.known ? (
        <Anchor component={Link} href={`/usuarios/${encodeURIComponent(answer.user)}`} size="sm">
          {t("trace.link")}
        </Anchor>
      ) : null}
    </div>
  );
}

function Leg({ leg }: { leg: UserTrace["connections"][number] }) {
  const { t } = useTranslation();
  const { moment } = useFormats();
  const facts = [
    ...(leg.since === null ? [] : [t("trace.since", { moment: moment(leg.since) })]),
    t(`trace.state.${leg.state}`),
    ...(leg.acknowledged_at === null ? [] : [t("trace.confirmed")]),
    ...(leg.ended === null ? [] : [t("trace.ended", { reason: leg.ended })]),
  ];
  return (
    <li>
      <b>{leg.protocol === null ? t("trace.unknown") : PROTOCOLS[leg.protocol]}</b>{" "}
      <span className="faint">{facts.join(" · ")}</span>
    </li>
  );
}
