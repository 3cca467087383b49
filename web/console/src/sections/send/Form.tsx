import { Button, Grid, Group, Stack, Text } from "@mantine/core";
import { IconSend } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ApiError } from "../../api/client.ts";
import type { EventType, PublishBody, PublishReply } from "../../api/records.ts";
import { useSession } from "../../session/SessionContext.ts";
import { Panel } from "../../ui/Section.tsx";
import { AudienceFields } from "./AudienceFields.tsx";
import { carry } from "./carried.ts";
import { CodeSamples } from "./CodeSamples.tsx";
import { Content } from "./Content.tsx";
import { bodyOf, emptyDraft, type Draft, type Problem } from "./draft.ts";
import { FieldInputs } from "./FieldInputs.tsx";
import { Options } from "./Options.tsx";
import { Outcome, type Published } from "./Outcome.tsx";
import { Preview } from "./Preview.tsx";
import { Reach } from "./Reach.tsx";

interface FormProps {
  catalog: EventType[];
  first: Draft;
}

export function Form({ catalog, first }: FormProps) {
  const { t } = useTranslation();
  const { api } = useSession();
  const [draft, setDraft] = useState(first);
  const kind = catalog.find((one) => one.type === draft.type);
  const { body, problems } = bodyOf(draft, kind);
  const problemText = useProblemText();
  const publish = useMutation<Published, ApiError, PublishBody>({
    mutationFn: async (sent) => {
      const start = performance.now();
      const reply = await api.post<PublishReply>("/notify", sent);
      return { reply, took: performance.now() - start };
    },
  });

  useEffect(() => {
    carry(null);
  }, []);

  function change(part: Partial<Draft>) {
    setDraft((before) => ({ ...before, ...part }));
  }

  const hasProblems = Object.keys(problems).length > 0;
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (!hasProblems && !publish.isPending) publish.mutate(body);
      }}
    >
      <Grid gap="md">
        <Grid.Col span={{ base: 12, lg: 7 }}>
          <Stack gap="md">
            <Panel title={t("send.content")}>
              <Content
                types={catalog.map((one) => one.type)}
                kind={kind}
                draft={draft}
                data={body.data ?? {}}
                onPick={(type) => {
                  setDraft({ ...emptyDraft(type), ...audienceOf(draft) });
                  publish.reset();
                }}
                onChange={change}
              />
            </Panel>
            <Panel title={t("send.fields")}>
              <FieldInputs kind={kind} draft={draft} problems={problems} problemText={problemText} onChange={change} />
            </Panel>
            <Panel title={t("send.audience")}>
              <AudienceFields kind={kind} draft={draft} onChange={change} />
              <Reach body={body} />
            </Panel>
            <Options kind={kind} draft={draft} problems={problems} problemText={problemText} onChange={change} />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 5 }}>
          <Stack gap="md">
            <Panel title={t("send.preview")}>
              <Preview kind={kind} body={body} />
              <Group justify="space-between" mt="md">
                <Text size="sm" c="dimmed" className="numbers">
                  {publish.data === undefined ? "" : t("send.took", { ms: Math.round(publish.data.took) })}
                </Text>
                <Button
                  type="submit"
                  size="md"
                  loading={publish.isPending}
                  disabled={hasProblems}
                  leftSection={<IconSend size={18} aria-hidden />}
                >
                  {t("send.submit")}
                </Button>
              </Group>
              <Outcome published={publish.data} error={publish.error} />
            </Panel>
            <Panel title={t("send.code")}>
              <CodeSamples body={body} />
            </Panel>
          </Stack>
        </Grid.Col>
      </Grid>
    </form>
  );
}

/** Another type is for the same people. */
function audienceOf({ audience, all, roles, users, topics, except }: Draft) {
  return { audience, all, roles, users, topics, except };
}

function useProblemText(): (problem: Problem | undefined) => string | null {
  const { t } = useTranslation();
  const texts: Record<Problem, string> = {
    integer: t("send.invalidInteger"),
    number: t("send.invalidNumber"),
    json: t("send.invalidJson"),
    object: t("send.extraInvalid"),
    link: t("send.linkInvalid"),
  };
  return (problem) => (problem === undefined ? null : texts[problem]);
}
