import { Button, Group, Stack } from "@mantine/core";
import { IconEraser, IconSend, IconWand } from "@tabler/icons-react";
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../../api/client.ts";
import type { EventType } from "../../api/records.ts";
import { Panel } from "../../ui/Section.tsx";
import { exampleOf } from "../catalog/example.ts";
import { AudienceFields } from "./AudienceFields.tsx";
import { CodeSamples } from "./CodeSamples.tsx";
import { Confirm } from "./Confirm.tsx";
import { Content } from "./Content.tsx";
import { bodyOf, carriedOver, emptyDraft, withExample, type Draft } from "./draft.ts";
import type { Drafts } from "./drafts.ts";
import { useErrors, type Refused } from "./fieldErrors.ts";
import { FieldInputs } from "./FieldInputs.tsx";
import { Options } from "./Options.tsx";
import { Outcome } from "./Outcome.tsx";
import { Preview } from "./Preview.tsx";
import { Reach } from "./Reach.tsx";
import { useReach } from "./useReach.ts";
import { useSending } from "./useSending.ts";

interface FormProps {
  catalog: EventType[];
  first: Draft;
  drafts: Drafts;
  /** The type that the address asks for. */
  wanted: string | null;
  onType: (type: string) => void;
}

export function Form({ catalog, first, drafts, wanted, onType }: FormProps) {
  const { t } = useTranslation();
  const form = useRef<HTMLFormElement>(null);
  const [draft, setDraft] = useState(first);
  const [followed, setFollowed] = useState(wanted);
  const [refused, setRefused] = useState<Refused | null>(null);
  const [needed, setNeeded] = useState<readonly string[]>([]);
  const [attempts, setAttempts] = useState(0);
  const kindOf = (type: string) => catalog.find((one) => one.type === type);
  const kind = kindOf(draft.type);
  const { body, problems } = bodyOf(draft, kind);
  const reach = useReach(body);
  const errorOf = useErrors({ draft, problems, refused, needed, fields: Object.keys(kind?.data ?? {}) });
  const sending = useSending({
    onError: (error) => {
      setRefused({ draft, problems: error instanceof ApiError ? error.problems : [] });
      setAttempts((before) => before + 1);
    },
  });

  function pick(type: string) {
    setDraft(carriedOver(draft, type, kindOf(type), drafts.read(type)));
    setRefused(null);
    setNeeded([]);
    sending.reset();
  }

  if (wanted !== followed) {
    setFollowed(wanted);
    if (wanted !== null && wanted !== draft.type && kindOf(wanted) !== undefined) pick(wanted);
  }
  useEffect(() => {
    drafts.keep(draft);
  }, [drafts, draft]);
  useEffect(() => {
    onType(draft.type);
  }, [onType, draft.type]);
  useEffect(() => {
    if (attempts > 0) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [attempts]);

  function change(part: Partial<Draft>) {
    setDraft((before) => ({ ...before, ...part }));
  }

  function submit() {
    if (sending.isBusy) return;
    if (Object.keys(problems).length > 0) setAttempts(attempts + 1);
    else sending.send(body);
  }

  /** Not like this: to the field that is missing. */
  function back() {
    const { asked } = sending;
    sending.cancel();
    if (asked?.question !== "partial") return;
    setNeeded(asked.preview.missing);
    setAttempts(attempts + 1);
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    submit();
  }

  return (
    <>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- a shortcut for what the button does */}
      <form
        ref={form}
        className="send"
        noValidate
        onKeyDown={onKeyDown}
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Stack gap="md" className="send-fields">
          <Panel
            title={t("send.content")}
            aside={
              <Group gap="xs">
                {kind === undefined || Object.keys(kind.data).length === 0 ? null : (
                  <Button
                    size="compact-sm"
                    variant="subtle"
                    leftSection={<IconWand size={16} aria-hidden />}
                    onClick={() => {
                      setDraft(withExample(draft, exampleOf(kind).data));
                    }}
                  >
                    {t("send.fill")}
                  </Button>
                )}
                <Button
                  size="compact-sm"
                  variant="subtle"
                  leftSection={<IconEraser size={16} aria-hidden />}
                  onClick={() => {
                    setDraft(emptyDraft(draft.type));
                    setRefused(null);
                    setNeeded([]);
                    sending.reset();
                  }}
                >
                  {t("send.clear")}
                </Button>
              </Group>
            }
          >
            <Content
              types={catalog.map((one) => one.type)}
              kind={kind}
              draft={draft}
              preview={reach.data}
              errorOf={errorOf}
              onPick={pick}
              onChange={change}
            />
          </Panel>
          <Panel title={t("send.fields")}>
            <FieldInputs kind={kind} draft={draft} errorOf={errorOf} onChange={change} />
          </Panel>
          <Panel title={t("send.audience")}>
            <AudienceFields kind={kind} draft={draft} errorOf={errorOf} onChange={change} />
          </Panel>
          <Options
            catalog={catalog}
            kind={kind}
            draft={draft}
            preview={reach.data}
            errorOf={errorOf}
            onChange={change}
          />
        </Stack>
        <div className="send-side">
          <Panel title={t("send.preview")}>
            <Preview draft={draft} kind={kind} preview={reach.data} />
          </Panel>
          <Outcome published={sending.published} error={sending.error} />
          <div className="send-bar">
            <Reach preview={reach.data} error={reach.error} />
            <Button
              type="submit"
              size="md"
              fullWidth
              loading={sending.isBusy}
              leftSection={<IconSend size={18} aria-hidden />}
            >
              {t(draft.due === "now" ? "send.submit" : "send.schedule")}
            </Button>
          </div>
        </div>
        <div className="send-code">
          <Panel title={t("send.code")}>
            <CodeSamples body={body} />
          </Panel>
        </div>
      </form>
      <Confirm sending={{ ...sending, cancel: back }} />
    </>
  );
}
