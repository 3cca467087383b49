import { Button, Group, Modal, Popover, Stack, TextInput, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconCalendar } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { language } from "../../i18n/index.ts";
import { momentFrom, PRESETS, rangeOf, written, type Range } from "./when.ts";

interface WhenProps {
  range: Range;
  onChange: (range: Range) => void;
}

/** From when to when: what is asked for most with one click, anything else written out. */
export function When({ range, onChange }: WhenProps) {
  const { t } = useTranslation();
  const [isChoosing, choosing] = useDisclosure(false);
  const [isWriting, writing] = useDisclosure(false);
  const isAny = range.since === null && range.until === null;
  return (
    <>
      <Popover
        opened={isChoosing}
        onChange={(isOpen) => {
          if (!isOpen) choosing.close();
        }}
        position="bottom-start"
        withinPortal={false}
        trapFocus
        returnFocus
        shadow="md"
      >
        <Popover.Target>
          <Button
            variant="default"
            flex="1 1 11rem"
            justify="flex-start"
            fw={400}
            leftSection={<IconCalendar size={16} aria-hidden />}
            aria-label={`${t("history.when")}: ${label()}`}
            onClick={choosing.toggle}
          >
            {label()}
          </Button>
        </Popover.Target>
        <Popover.Dropdown p={4} aria-label={t("history.when")}>
          {PRESETS.map((preset) => choice(t(`history.presets.${preset}`), () => rangeOf(preset, new Date())))}
          {isAny ? null : choice(t("history.anyDate"), () => ({ since: null, until: null }))}
          {choice(t("history.chooseDates"), null)}
        </Popover.Dropdown>
      </Popover>
      <Modal
        opened={isWriting}
        onClose={writing.close}
        title={t("history.chooseDates")}
        closeButtonProps={{ "aria-label": t("common.close") }}
        attributes={{ header: { role: "presentation" } }} // a <header> outside of <main> would be a second banner
        centered
        size="sm"
      >
        <Dates
          range={range}
          onChange={(next) => {
            onChange(next);
            writing.close();
          }}
        />
      </Modal>
    </>
  );

  /** A line to choose; without a range it leads to where one is written. */
  function choice(text: string, wanted: (() => Range) | null) {
    return (
      <UnstyledButton
        key={text}
        className="when-choice"
        onClick={() => {
          choosing.close();
          if (wanted === null) writing.open();
          else onChange(wanted());
        }}
      >
        {text}
      </UnstyledButton>
    );
  }

  function label(): string {
    const show = (iso: string) =>
      new Intl.DateTimeFormat(language(), {
        day: "numeric",
        month: "short",
        hour: "2-digit",
        minute: "2-digit",
        hourCycle: "h23",
      }).format(new Date(iso));
    if (range.since !== null && range.until !== null)
      return t("history.between", { since: show(range.since), until: show(range.until) });
    if (range.since !== null) return t("history.since", { since: show(range.since) });
    return range.until === null ? t("history.anyDate") : t("history.until", { until: show(range.until) });
  }
}

/** Two moments, written: a browser's own date field speaks the browser's language, not the page's. */
function Dates({ range, onChange }: WhenProps) {
  const { t } = useTranslation();
  const [since, setSince] = useState(written(range.since));
  const [until, setUntil] = useState(written(range.until));
  const wrong = (text: string) => text.trim() !== "" && momentFrom(text) === null;
  const isWrong = wrong(since) || wrong(until);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!isWrong) onChange({ since: momentFrom(since), until: momentFrom(until) });
      }}
    >
      <Stack gap="sm">
        <TextInput
          label={t("history.sinceLabel")}
          placeholder={t("history.dateFormat")}
          value={since}
          error={wrong(since) ? t("history.dateInvalid") : null}
          data-autofocus
          onChange={(event) => {
            setSince(event.currentTarget.value);
          }}
        />
        <TextInput
          label={t("history.untilLabel")}
          placeholder={t("history.dateFormat")}
          value={until}
          error={wrong(until) ? t("history.dateInvalid") : null}
          onChange={(event) => {
            setUntil(event.currentTarget.value);
          }}
        />
        <Group justify="flex-end">
          <Button type="submit" disabled={isWrong}>
            {t("history.apply")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
