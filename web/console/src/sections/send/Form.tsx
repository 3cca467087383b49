import {
  Accordion,
  Button,
  Grid,
  Group,
  NumberInput,
  Select,
  SimpleGrid,
  Stack,
  Switch,
  Text,
  Textarea,
  TextInput,
} from "@mantine/core";
import { IconSend } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ApiError } from "../../api/client.ts";
import { PRIORITIES, type EventType, type PublishBody, type PublishReply } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { language } from "../../i18n/index.ts";
import { useSession } from "../../session/SessionContext.ts";
import { Panel } from "../../ui/Section.tsx";
import { AudienceFields } from "./AudienceFields.tsx";
import { carry } from "./carried.ts";
import { CodeSamples } from "./CodeSamples.tsx";
import { bodyOf, emptyDraft, filled, type Draft, type Problem } from "./draft.ts";
import { FieldInputs } from "./FieldInputs.tsx";
import { Outcome, type Published } from "./Outcome.tsx";
import { Preview } from "./Preview.tsx";
import { Reach } from "./Reach.tsx";

interface FormProps {
  catalog: EventType[];
  first: Draft;
}

export function Form({ catalog, first }: FormProps) {
  const { t } = useTranslation();
  const { duration } = useFormats();
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
              <Stack gap="sm">
                <Select
                  label={t("send.pick")}
                  placeholder={t("send.pickPlaceholder")}
                  data={catalog.map((one) => one.type)}
                  value={draft.type}
                  onChange={(type) => {
                    if (type !== null)
                      setDraft({
                        ...emptyDraft(type),
                        audience: draft.audience,
                        all: draft.all,
                        roles: draft.roles,
                        users: draft.users,
                        topics: draft.topics,
                        except: draft.except,
                      });
                    publish.reset();
                  }}
                  searchable
                  allowDeselect={false}
                  maxDropdownHeight={320}
                  description={kind?.description[language()]}
                />
                <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
                  <TextInput
                    label={t("common.title")}
                    description={t("send.titleHint")}
                    value={draft.title}
                    placeholder={kind?.title[language()] ?? ""}
                    onChange={(event) => {
                      change({ title: event.currentTarget.value });
                    }}
                  />
                  <Textarea
                    label={t("common.message")}
                    description={t("send.messageHint", {
                      text: filled(kind?.message[language()] ?? "", body.data ?? {}),
                    })}
                    value={draft.message}
                    autosize
                    minRows={1}
                    maxRows={6}
                    onChange={(event) => {
                      change({ message: event.currentTarget.value });
                    }}
                  />
                </SimpleGrid>
              </Stack>
            </Panel>
            <Panel title={t("send.fields")}>
              <FieldInputs kind={kind} draft={draft} problems={problems} problemText={problemText} onChange={change} />
            </Panel>
            <Panel title={t("send.audience")}>
              <AudienceFields kind={kind} draft={draft} onChange={change} />
              <Reach body={body} />
            </Panel>
            <Panel padded={false}>
              <Accordion variant="default" chevronPosition="left">
                <Accordion.Item value="options" style={{ borderBottom: 0 }}>
                  <Accordion.Control>{t("send.options")}</Accordion.Control>
                  <Accordion.Panel>
                    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
                      <Select
                        label={t("common.priority")}
                        data={[
                          {
                            value: "",
                            label: t("send.priorityCatalog", {
                              priority: kind === undefined ? "" : t(`priority.${kind.priority}`),
                            }),
                          },
                          ...PRIORITIES.map((priority) => ({ value: priority, label: t(`priority.${priority}`) })),
                        ]}
                        value={draft.priority}
                        allowDeselect={false}
                        onChange={(priority) => {
                          change({ priority: priority ?? "" });
                        }}
                      />
                      <NumberInput
                        label={t("send.ttl")}
                        placeholder={t("send.ttlHint", {
                          ttl: kind?.ttl == null ? t("send.never") : duration(kind.ttl),
                        })}
                        min={1}
                        hideControls
                        allowDecimal={false}
                        value={draft.ttl}
                        error={problemText(problems.ttl)}
                        onChange={(ttl) => {
                          change({ ttl: String(ttl) });
                        }}
                      />
                      <TextInput
                        label={t("common.link")}
                        description={t("send.linkHint")}
                        value={draft.link}
                        error={problemText(problems.link)}
                        onChange={(event) => {
                          change({ link: event.currentTarget.value });
                        }}
                      />
                      <TextInput
                        label={t("send.key")}
                        description={t("send.keyHint")}
                        value={draft.key}
                        onChange={(event) => {
                          change({ key: event.currentTarget.value });
                        }}
                      />
                      <Switch
                        mt="xs"
                        label={t("send.persist")}
                        description={t("send.persistHint")}
                        checked={draft.persist}
                        onChange={(event) => {
                          change({ persist: event.currentTarget.checked });
                        }}
                      />
                    </SimpleGrid>
                  </Accordion.Panel>
                </Accordion.Item>
              </Accordion>
            </Panel>
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
