import { Accordion, NumberInput, Select, SimpleGrid, Switch, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { PRIORITIES, type EventType } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { Panel } from "../../ui/Section.tsx";
import type { Draft, Problem, Problems } from "./draft.ts";

interface OptionsProps {
  kind: EventType | undefined;
  draft: Draft;
  problems: Problems;
  problemText: (problem: Problem | undefined) => string | null;
  onChange: (part: Partial<Draft>) => void;
}

/** What can be left as it is. */
export function Options({ kind, draft, problems, problemText, onChange }: OptionsProps) {
  const { t } = useTranslation();
  const { duration } = useFormats();
  return (
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
                  onChange({ priority: priority ?? "" });
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
                  onChange({ ttl: String(ttl) });
                }}
              />
              <TextInput
                label={t("common.link")}
                description={t("send.linkHint")}
                value={draft.link}
                error={problemText(problems.link)}
                onChange={(event) => {
                  onChange({ link: event.currentTarget.value });
                }}
              />
              <TextInput
                label={t("send.key")}
                description={t("send.keyHint")}
                value={draft.key}
                onChange={(event) => {
                  onChange({ key: event.currentTarget.value });
                }}
              />
              <Switch
                mt="xs"
                label={t("send.persist")}
                description={t("send.persistHint")}
                checked={draft.persist}
                onChange={(event) => {
                  onChange({ persist: event.currentTarget.checked });
                }}
              />
            </SimpleGrid>
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
    </Panel>
  );
}
