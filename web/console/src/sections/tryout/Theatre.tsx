import { Button, Group, Text } from "@mantine/core";
import { IconLock, IconPlayerPlay, IconPlayerStop, IconQrcode } from "@tabler/icons-react";
import { lazy, Suspense, useCallback, useRef, useState, useSyncExternalStore } from "react";
import { useCatalog } from "../../api/queries.ts";
import type { PublishBody, PublishReply } from "../../api/records.ts";
import type { ConsoleSays, GuestSays, Stand } from "../../guest/port.ts";
import { FEATURED } from "../../guest/tours.ts";
import { language } from "../../i18n/index.ts";
import { useTexts } from "../../i18n/tryout/index.ts";
import { useSession } from "../../session/SessionContext.ts";
import { Callout } from "../../ui/Callout.tsx";
import { Reason } from "../../ui/Failure.tsx";
import { Section } from "../../ui/Section.tsx";
import { booking, fiveMore, inWords } from "./bookings.ts";
import { castingOf } from "./cast.ts";
import { DayLine } from "./DayLine.tsx";
import { createRun } from "./run.ts";
import { Script } from "./Script.tsx";
import { Stage } from "./Stage.tsx";
import { useDay } from "./useDay.ts";

const OwnPhone = lazy(() => import("./OwnPhone.tsx"));

/** The two screens, and what is done with them. */
export function Theatre() {
  const t = useTexts();
  const { api } = useSession();
  const casting = castingOf(api);
  const [run] = useState(createRun);
  const view = useSyncExternalStore(run.subscribe, run.getSnapshot);
  const [problem, setProblem] = useState<{ title: "failed" | "noPass"; error: Error } | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [isOwn, setOwn] = useState(false);
  const types = useCatalog().data?.types;
  const stage = useRef<HTMLDivElement>(null);

  const publish = useCallback(
    async (body: PublishBody, kind: "single" | "counted" | "scene" = "scene"): Promise<boolean> => {
      try {
        const reply = await api.post<PublishReply>("/notify", inWords(body, types ?? [], language()));
        if (kind !== "scene") run.published(reply, kind === "counted");
        setProblem(null);
        return true;
      } catch (error) {
        setProblem({ title: "failed", error: error as Error });
        return false;
      }
    },
    [api, run, types],
  );
  const day = useDay(casting.cast, publish);

  async function more() {
    const cast = casting.cast();
    if (cast === null) return;
    setBusy(true);
    run.begin();
    for (const body of fiveMore(cast)) if (!(await publish(body, "counted"))) break;
    setBusy(false);
  }

  async function givePass(stand: Stand, answer: (said: ConsoleSays) => void) {
    try {
      const { pass } = await casting.pass(stand);
      answer({ say: "pass", pass });
    } catch (error) {
      setProblem({ title: "noPass", error: error as Error });
      answer({ say: "pass", pass: null });
    }
  }

  const onSay = (stand: Stand) => (said: GuestSays, answer: (said: ConsoleSays) => void) => {
    if (said.say === "status") run.connected(stand, said.isConnected);
    else if (said.say === "arrival") run.arrived(stand, said.arrival);
    else if (said.say === "synced" && stand === "phone") run.synced();
    else if (said.say === "pass") void givePass(stand, answer);
    else if (said.say === "book") {
      const cast = casting.cast();
      if (cast === null) return;
      void publish(booking(cast, FEATURED), "single").then((isAccepted) => {
        answer({ say: "booked", isAccepted });
      });
    }
  };

  /** To the one button of the phone that matters. */
  function toPhone() {
    const frame = stage.current?.querySelector<HTMLIFrameElement>(".phone iframe");
    frame?.scrollIntoView({ block: "nearest" });
    frame?.focus();
    frame?.contentDocument?.querySelector<HTMLElement>(".guest-offer .guest-button")?.focus();
  }

  const isReady = view.isConnected.desk && view.isConnected.phone;
  return (
    <Section
      title={t("title")}
      intro={t("intro")}
      actions={
        <Group gap="xs">
          {day.isRunning ? (
            <Button variant="default" leftSection={<IconPlayerStop size={18} aria-hidden />} onClick={day.stop}>
              {t("day.stop")}
            </Button>
          ) : (
            <Button
              variant="default"
              disabled={!isReady && view.isUp}
              leftSection={<IconPlayerPlay size={18} aria-hidden />}
              onClick={day.start}
            >
              {t("day.start")}
            </Button>
          )}
          <Button
            variant="default"
            leftSection={<IconQrcode size={18} aria-hidden />}
            onClick={() => {
              setOwn(true);
            }}
          >
            {t("own.open")}
          </Button>
        </Group>
      }
    >
      {problem === null ? null : (
        <Callout tone="red" role="alert" title={t(problem.title)}>
          <Text size="sm">
            <Reason error={problem.error} />
          </Text>
        </Callout>
      )}
      <Script view={view} isBusy={isBusy} onMore={() => void more()} onLine={run.line} onPhone={toPhone} />
      <DayLine day={day} />
      <div ref={stage}>
        <Stage view={view} onSay={onSay} />
      </div>
      <Text size="sm" c="dimmed" className="private">
        <IconLock size={15} aria-hidden /> {t("private")}
      </Text>
      {isOwn ? (
        <Suspense fallback={null}>
          <OwnPhone
            casting={casting}
            onClose={() => {
              setOwn(false);
            }}
          />
        </Suspense>
      ) : null}
    </Section>
  );
}
