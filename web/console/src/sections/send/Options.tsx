import { Accordion, NumberInput, Select, SimpleGrid, Switch, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { PRIORITIES, type AudiencePreview, type EventType } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { Panel } from "../../ui/Section.tsx";
import { Delivery } from "./Delivery.tsx";
import type { Draft } from "./draft.ts";
import { Extras } from "./Extras.tsx";
import { Languages } from "./Languages.tsx";
import type { ErrorOf } from "./fieldErrors.ts";

interface OptionsProps {
  catalog: EventType[];
  kind: EventType | undefined;
  draft: Draft;
  preview: AudiencePreview | undefined;
  errorOf: ErrorOf;
  onChange: (part: Partial<Draft>) => void;
}

const FIELDS = ["priority", "ttl", "link", "idempotency_key"];
const DELIVERY = ["deliver_in", "deliver_at"];
const EXTRAS = ["group", "category", "icon", "image", "collapse_key", "actions"];

/** What can be left as it is. */
export function Options({ catalog, kind, draft, preview, errorOf, onChange }: OptionsProps) {
  const { t } = useTranslation();
  const { duration } = useFormats();
  const [opened, setOpened] = useState<string[]>([]);
  // What is wrong in here must be seen.
  const open = (name: string, fields: readonly string[]) =>
    opened.includes(name) || fields.some((field) => errorOf(field) !== null) ? [name] : [];
  return (
    <Panel padded={false}>
      <Accordion
        multiple
        variant="default"
        chevronPosition="left"
        transitionDuration={0}
        value={[
          ...open("texts", textFieldsOf(draft)),
          ...open("delivery", DELIVERY),
          ...open("extras", EXTRAS),
          ...open("options", FIELDS),
        ]}
        onChange={setOpened}
      >
        <Accordion.Item value="texts">
          <Accordion.Control>{t("send.texts.title", { count: draft.texts.length })}</Accordion.Control>
          <Accordion.Panel>
            <Languages catalog={catalog} draft={draft} preview={preview} errorOf={errorOf} onChange={onChange} />
          </Accordion.Panel>
        </Accordion.Item>
        <Accordion.Item value="delivery">
          <Accordion.Control>{t("send.delivery")}</Accordion.Control>
          <Accordion.Panel>
            <Delivery draft={draft} errorOf={errorOf} onChange={onChange} />
          </Accordion.Panel>
        </Accordion.Item>
        <Accordion.Item value="extras">
          <Accordion.Control>{t("send.inInbox")}</Accordion.Control>
          <Accordion.Panel>
            <Extras draft={draft} errorOf={errorOf} onChange={onChange} />
          </Accordion.Panel>
        </Accordion.Item>
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
                error={errorOf("priority")}
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
                error={errorOf("ttl")}
                onChange={(ttl) => {
                  onChange({ ttl: String(ttl) });
                }}
              />
              <TextInput
                label={t("common.link")}
                description={t("send.linkHint")}
                value={draft.link}
                error={errorOf("link")}
                onChange={(event) => {
                  onChange({ link: event.currentTarget.value });
                }}
              />
              <TextInput
                label={t("send.key")}
                description={t("send.keyHint")}
                value={draft.key}
                error={errorOf("idempotency_key")}
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

/** The fields of all languages, as the server names them. */
function textFieldsOf({ texts }: Draft): string[] {
  return ["texts", ...texts.flatMap(({ tag }) => [`texts.${tag}`, `texts.${tag}.title`, `texts.${tag}.message`])];
}
