import { Kbd, Modal } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useEffect, useId, useRef, useState, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import { useEntries, type Entry } from "./entries.ts";

interface PaletteProps {
  onClose: (hasGone: boolean) => void;
  onSignOut: () => void;
}

/** One field that takes one anywhere; the arrows choose, Enter goes. */
export default function Palette({ onClose, onSignOut }: PaletteProps) {
  const { t } = useTranslation();

  function go(entry: Entry) {
    const before = window.location.href;
    entry.go();
    onClose(window.location.href !== before);
  }

  return (
    <Modal.Root
      opened
      onClose={() => {
        onClose(false);
      }}
      size={560}
      yOffset="12dvh"
      transitionProps={{ duration: 0 }}
    >
      <Modal.Overlay backgroundOpacity={0.4} />
      <Modal.Content aria-label={t("palette.title")}>
        <Modal.Body p={0}>
          <Search onGo={go} onSignOut={onSignOut} />
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

function Search({ onGo, onSignOut }: { onGo: (entry: Entry) => void; onSignOut: () => void }) {
  const { t } = useTranslation();
  const id = useId();
  const [text, setText] = useState("");
  const [asked] = useDebouncedValue(text, 150);
  const [chosen, setChosen] = useState(0);
  const groups = useEntries(text, asked, onSignOut);
  const entries = groups.flatMap((group) => group.entries);
  const here = Math.min(chosen, entries.length - 1);
  const list = useRef<HTMLDivElement>(null);

  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [here, text]);

  function press(event: KeyboardEvent) {
    if (event.nativeEvent.isComposing) return; // Enter ends the word, not the choice
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) setChosen((here + step + entries.length) % Math.max(1, entries.length));
    else if (event.key === "Enter" && entries[here] !== undefined) onGo(entries[here]);
    else return;
    event.preventDefault();
  }

  return (
    <>
      <div className="palette-field">
        <IconSearch size={18} stroke={1.8} aria-hidden />
        <input
          className="palette-input"
          role="combobox"
          aria-label={t("palette.title")}
          aria-expanded={entries.length > 0}
          aria-controls={`${id}list`}
          aria-autocomplete="list"
          aria-activedescendant={entries.length === 0 ? undefined : `${id}${here}`}
          placeholder={t("palette.placeholder")}
          value={text}
          autoComplete="off"
          spellCheck={false}
          data-autofocus
          onChange={(event) => {
            setText(event.currentTarget.value);
            setChosen(0);
          }}
          onKeyDown={press}
        />
      </div>
      <div className="palette-list" id={`${id}list`} role="listbox" aria-label={t("palette.results")} ref={list}>
        {groups.map((group, index) => (
          <div key={`${group.name}${index}`} role="group" aria-label={t(`palette.groups.${group.name}`)}>
            <div className="palette-group" aria-hidden>
              {t(`palette.groups.${group.name}`)}
            </div>
            {group.entries.map((entry) => (
              <Item
                key={entry.id}
                id={`${id}${entries.indexOf(entry)}`}
                entry={entry}
                isChosen={entry === entries[here]}
                onPoint={() => {
                  setChosen(entries.indexOf(entry));
                }}
                onPick={() => {
                  onGo(entry);
                }}
              />
            ))}
          </div>
        ))}
      </div>
      <div className="palette-foot" aria-hidden>
        <span>
          <Kbd size="xs">↑</Kbd> <Kbd size="xs">↓</Kbd> {t("palette.choose")}
        </span>
        <span>
          <Kbd size="xs">↵</Kbd> {t("palette.enter")}
        </span>
        <span>
          <Kbd size="xs">Esc</Kbd> {t("palette.escape")}
        </span>
      </div>
    </>
  );
}

interface ItemProps {
  id: string;
  entry: Entry;
  isChosen: boolean;
  onPoint: () => void;
  onPick: () => void;
}

function Item({ id, entry, isChosen, onPoint, onPick }: ItemProps) {
  const { icon: Icon, label, hint } = entry;
  return (
    // The field above has the focus and hears the keys (the pattern "combobox" of the ARIA Authoring Practices).
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
    <div
      id={id}
      role="option"
      aria-selected={isChosen}
      className="palette-item"
      onPointerMove={onPoint}
      onClick={onPick}
    >
      <Icon size={18} stroke={1.8} aria-hidden />
      <span className="cut">{label}</span>
      {hint === undefined ? null : <span className="palette-hint cut">{hint}</span>}
    </div>
  );
}
