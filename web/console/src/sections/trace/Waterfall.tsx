import { Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Trace } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { offset } from "./offset.ts";
import { between, scaleOf, type Scale } from "./scale.ts";

const REACHED = ["sent", "acknowledged", "seen", "read"] as const;

type Person = NonNullable<Trace["receipts"]>["users"][number];

/** The steps of a notification on one axis, from its publisher to everybody who has read it. */
export function Waterfall({ trace, isGone }: { trace: Trace; isGone: boolean }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const { receipts } = trace;
  // Of what has left the log most is not known, which the line above says once.
  const steps = isGone ? trace.steps.filter(({ at }) => at !== null) : trace.steps;
  const begin = trace.notification.timestamp;
  const people = receipts?.users ?? [];
  const scale = scaleOf([
    ...steps.flatMap((step) => step.after_ms ?? []),
    ...people.flatMap((person) => REACHED.flatMap((step) => momentsOf(person, step).map((at) => between(begin, at)))),
  ]);
  return (
    <div className="waterfall">
      <Title order={3} size="sm">
        {t("trace.waterfall")}
      </Title>
      {trace.stored ? null : (
        <Text size="sm" c="dimmed">
          {t(isGone ? "trace.gone" : "trace.notStored")}
        </Text>
      )}
      <Axis scale={scale} />
      <ol className="trace-rows" aria-label={t("trace.waterfall")}>
        {steps.map(({ step, at, after_ms: after }) => (
          <li key={step} className="trace-row" data-step={step}>
            <span className="trace-name">
              {t(`trace.step.${step}`)}
              {step === "handed" ? <Sockets sockets={trace.sockets} /> : null}
            </span>
            <Track scale={scale} places={after === null ? [] : [{ kind: step, ms: after }]} />
            {at === null || after === null ? (
              <span className="trace-value faint" title={t("trace.unknownHint")}>
                {step === "handed" && trace.sockets === 0 ? "–" : t("trace.unknown")}
              </span>
            ) : (
              <time className="trace-value numbers" dateTime={at} title={formats.moment(at)}>
                {step === "accepted" ? formats.time(at) : `+${offset(after, formats)}`}
              </time>
            )}
          </li>
        ))}
      </ol>
      {people.length === 0 ? null : <People people={people} begin={begin} scale={scale} isAll={isAll(trace)} />}
    </div>
  );
}

function isAll({ receipts }: Trace): boolean {
  return (receipts?.next_after ?? null) === null;
}

function momentsOf(person: Person, step: (typeof REACHED)[number]): string[] {
  const at = person[`${step}_at`];
  return at === null ? [] : [at];
}

/** A mark for each step; of steps at one moment the last one. */
function placesOf(person: Person, begin: string): Place[] {
  const places = REACHED.flatMap((step) =>
    momentsOf(person, step).map((at) => ({ kind: step, ms: between(begin, at) })),
  );
  return places.filter((place, index) => places[index + 1]?.ms !== place.ms);
}

function Sockets({ sockets }: { sockets: number | null }) {
  const { t } = useTranslation();
  const { whole } = useFormats();
  if (sockets === null) return null;
  return (
    <span className="faint">
      {sockets === 0 ? t("trace.noSockets") : t("trace.sockets", { count: sockets, formatted: whole(sockets) })}
    </span>
  );
}

interface PeopleProps {
  people: readonly Person[];
  begin: string;
  scale: Scale;
  isAll: boolean;
}

/** A line a person, with a mark for each step that it got to there. */
function People({ people, begin, scale, isAll }: PeopleProps) {
  const { t } = useTranslation();
  const formats = useFormats();
  return (
    <>
      <Title order={4} size="sm" mt="lg">
        {t("trace.people")}
      </Title>
      {isAll ? null : (
        <Text size="xs" c="dimmed">
          {t("trace.peopleFirst", { formatted: formats.whole(people.length) })}
        </Text>
      )}
      <ul className="trace-legend" aria-hidden>
        {REACHED.map((step) => (
          <li key={step}>
            <i data-kind={step} />
            {t(`trace.reached.${step}`)}
          </li>
        ))}
      </ul>
      <ul className="trace-rows" aria-label={t("trace.people")}>
        {people.map((person) => {
          const furthest = REACHED.findLast((step) => person[step]);
          const at = furthest === undefined ? null : person[`${furthest}_at`];
          return (
            <li key={person.user} className="trace-row" data-user={person.user}>
              <bdi className="trace-name cut" title={person.user}>
                {person.user}
              </bdi>
              <Track scale={scale} places={placesOf(person, begin)} />
              <span className="trace-value">
                {furthest === undefined ? (
                  <span className="faint">{t("trace.notReached")}</span>
                ) : (
                  <>
                    {t(`trace.reached.${furthest}`)}{" "}
                    {at === null ? (
                      <span className="faint">{t("trace.someTime")}</span>
                    ) : (
                      <time className="numbers" dateTime={at} title={formats.moment(at)}>
                        +{offset(between(begin, at), formats)}
                      </time>
                    )}
                  </>
                )}
              </span>
            </li>
          );
        })}
      </ul>
    </>
  );
}

interface Place {
  kind: string;
  ms: number;
}

/** What the words beside it say, drawn. */
function Track({ scale, places }: { scale: Scale; places: readonly Place[] }) {
  const end = Math.max(0, ...places.map(({ ms }) => scale.place(ms)));
  return (
    <span className="trace-track" aria-hidden>
      <i className="trace-bar" style={{ inlineSize: `${end * 100}%` }} />
      {places.map(({ kind, ms }) => (
        <i
          key={kind}
          className="trace-mark"
          data-kind={kind}
          style={{ insetInlineStart: `${scale.place(ms) * 100}%` }}
        />
      ))}
    </span>
  );
}

function Axis({ scale }: { scale: Scale }) {
  const formats = useFormats();
  return (
    <div className="trace-row trace-axis" aria-hidden>
      <span className="trace-name" />
      <span className="trace-track">
        {scale.marks.map((mark) => (
          <span key={mark} className="trace-tick numbers" style={{ insetInlineStart: `${scale.place(mark) * 100}%` }}>
            {offset(mark, formats)}
          </span>
        ))}
      </span>
      <span className="trace-value" />
    </div>
  );
}
