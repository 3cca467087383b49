import { Group, NumberInput, SegmentedControl, Select, Stack, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Draft } from "./draft.ts";
import { UNITS, type Unit } from "./due.ts";
import type { ErrorOf } from "./fieldErrors.ts";

interface DeliveryProps {
  draft: Draft;
  errorOf: ErrorOf;
  onChange: (part: Partial<Draft>) => void;
}

/** When it is delivered: at once, after a while, or at a moment. */
export function Delivery({ draft, errorOf, onChange }: DeliveryProps) {
  const { t } = useTranslation();
  return (
    <Stack gap="sm">
      <SegmentedControl
        aria-label={t("send.delivery")}
        style={{ alignSelf: "start" }}
        data={[
          { value: "now", label: t("send.now") },
          { value: "in", label: t("send.in") },
          { value: "at", label: t("send.at") },
        ]}
        value={draft.due}
        onChange={(due) => {
          onChange({ due });
        }}
      />
      {draft.due === "in" ? (
        <Group gap="sm" align="flex-start" wrap="nowrap">
          <NumberInput
            label={t("send.amount")}
            flex="1 1 8rem"
            maw={180}
            min={1}
            hideControls
            allowDecimal={false}
            value={draft.deliver_in}
            error={errorOf("deliver_in")}
            onChange={(amount) => {
              onChange({ deliver_in: String(amount) });
            }}
          />
          <Select<Unit>
            label={t("send.unit")}
            flex="1 1 8rem"
            maw={180}
            data={UNITS.map((unit) => ({ value: unit, label: t(`send.units.${unit}`) }))}
            value={draft.unit}
            allowDeselect={false}
            onChange={(unit) => {
              if (unit !== null) onChange({ unit });
            }}
          />
        </Group>
      ) : null}
      {draft.due === "at" ? (
        <TextInput
          label={t("scheduled.moment")}
          description={t("scheduled.zone", { zone: Intl.DateTimeFormat().resolvedOptions().timeZone })}
          placeholder={t("history.dateFormat")}
          maw={320}
          value={draft.deliver_at}
          error={errorOf("deliver_at")}
          onChange={(event) => {
            onChange({ deliver_at: event.currentTarget.value });
          }}
        />
      ) : null}
    </Stack>
  );
}
