import { ActionIcon, Drawer, Group, Text, Tooltip } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconChevronDown, IconChevronUp, IconX } from "@tabler/icons-react";
import { useEffect, useEffectEvent, useRef, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import type { NotificationRecord } from "../../api/records.ts";
import { RecordFields } from "../../ui/RecordFields.tsx";
import { Gone } from "../change/Gone.tsx";
import { RecordActions } from "./RecordActions.tsx";
import { useAsItIs } from "./useAsItIs.ts";

/** As the styles of `.split` have it: from here on there is room beside the list. */
const WIDE = "(min-width: 75em)";

interface RecordPanelProps {
  record: NotificationRecord;
  /** Whether it takes the focus: it was opened by a key, and is read by keys. */
  takesFocus: boolean;
  /** To its neighbours in the list; null where there is none. */
  onNewer: (() => void) | null;
  onOlder: (() => void) | null;
  onClose: () => void;
}

/** A notification beside the list, which goes on; where there is no room beside it, over it. */
export function RecordPanel(props: RecordPanelProps) {
  const { t } = useTranslation();
  const isWide = useMediaQuery(WIDE, undefined, { getInitialValueInEffect: false });
  return isWide ? (
    <Beside {...props} />
  ) : (
    <Drawer
      opened
      onClose={props.onClose}
      onKeyDown={(event) => {
        walk(event, props);
      }}
      position="right"
      size="lg"
      title={props.record.type}
      closeButtonProps={{ "aria-label": t("common.close") }}
      classNames={{ title: "mono drawer-title" }}
      attributes={{ header: { role: "presentation" } }} // a <header> outside of <main> would be a second banner
    >
      <Contents {...props} />
    </Drawer>
  );
}

function Beside(props: RecordPanelProps) {
  const { t } = useTranslation();
  const { record, takesFocus, onClose } = props;
  const panel = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (takesFocus) panel.current?.focus({ preventScroll: true });
  }, [takesFocus]);
  const onEscape = useEffectEvent((event: globalThis.KeyboardEvent) => {
    // A question in front of it is the one that is meant; where nothing moves it is gone by now, but was there at the key.
    const question = '[aria-modal="true"]';
    const wasAsked = event.composedPath().some((place) => place instanceof Element && place.matches(question));
    const isAsked = wasAsked || document.querySelector(question) !== null;
    if (event.key === "Escape" && !event.defaultPrevented && !isAsked) onClose();
  });
  useEffect(() => {
    document.addEventListener("keydown", onEscape);
    return () => {
      document.removeEventListener("keydown", onEscape);
    };
  }, []);
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- shortcuts for the two buttons in it
    <div
      ref={panel}
      className="beside panel"
      role="dialog"
      aria-label={record.type}
      tabIndex={-1}
      onKeyDown={(event) => {
        walk(event, props);
      }}
    >
      <Group justify="space-between" wrap="nowrap" gap="xs" className="beside-head">
        <Text className="mono drawer-title cut">{record.type}</Text>
        <Group gap={4} wrap="nowrap">
          <Steps {...props} />
          <Tooltip label={t("common.close")}>
            <ActionIcon variant="subtle" color="gray" aria-label={t("common.close")} onClick={onClose}>
              <IconX size={18} aria-hidden />
            </ActionIcon>
          </Tooltip>
        </Group>
      </Group>
      <Contents {...props} />
    </div>
  );
}

/** J and K, as for the two buttons. */
function walk(event: KeyboardEvent, { onNewer, onOlder }: RecordPanelProps) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const key = event.key.toLowerCase();
  if (key === "j") onOlder?.();
  else if (key === "k") onNewer?.();
}

function Contents(props: RecordPanelProps) {
  const record = useAsItIs(props.record);
  const isWide = useMediaQuery(WIDE, undefined, { getInitialValueInEffect: false });
  return (
    <div className="beside-body">
      <Gone record={record} mb="md" />
      <Group justify="space-between" gap="xs" mb="md" className="beside-actions">
        <RecordActions key={record.id} record={record} hasLink />
        {isWide ? null : (
          <Group gap={4} wrap="nowrap">
            <Steps {...props} />
          </Group>
        )}
      </Group>
      <RecordFields key={record.id} record={record} />
    </div>
  );
}

function Steps({ onNewer, onOlder }: RecordPanelProps) {
  const { t } = useTranslation();
  return (
    <>
      <Tooltip label={`${t("live.newer")} (K)`}>
        <ActionIcon
          variant="default"
          aria-label={t("live.newer")}
          aria-keyshortcuts="K"
          {...(onNewer === null ? { "data-disabled": true } : {})}
          aria-disabled={onNewer === null}
          onClick={() => onNewer?.()}
        >
          <IconChevronUp size={18} aria-hidden />
        </ActionIcon>
      </Tooltip>
      <Tooltip label={`${t("live.older")} (J)`}>
        <ActionIcon
          variant="default"
          aria-label={t("live.older")}
          aria-keyshortcuts="J"
          {...(onOlder === null ? { "data-disabled": true } : {})}
          aria-disabled={onOlder === null}
          onClick={() => onOlder?.()}
        >
          <IconChevronDown size={18} aria-hidden />
        </ActionIcon>
      </Tooltip>
    </>
  );
}
