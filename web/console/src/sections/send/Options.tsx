import { Accordion, NumberInput, Select, SimpleGrid, Switch, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { PRIORITIES, type EventType } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { Panel } from "../../ui/Section.tsx";
import type { Draft } from "./draft.ts";
import type { ErrorOf } from "./fieldErrors.ts";

interface OptionsProps {
  kind: EventType | undefined;
  draft: Draft;
  errorOf: ErrorOf;
  onChange: (part: Partial<Draft>) => void;
}

const FIELDS = ["priority", "ttl", "link", "idempotency_key"];

/** What can be left as it is. */
export function Options({ kind, draft, errorOf, onChange }: OptionsProps) {
  const { t } = useTranslation();
  const { duration } = useFormats();
  const [isOpen, setOpen] = useState(false);
  // What is wrong in here must be seen.
  const hasErrors = FIELDS.some((field) => errorOf(field) !== null);
  return (
    <Panel padded={false}>
      <Accordion
        variant="default"
        chevronPosition="left"
        transitionDuration={0}
        value={isOpen || hasErrors ? "options" : null}
        onChange={(value) => {
          setOpen(value !== null);
        }}
      >
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
