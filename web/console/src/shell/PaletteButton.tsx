import { Kbd, UnstyledButton, VisuallyHidden } from "@mantine/core";
import { useDisclosure, useHotkeys } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { lazy, Suspense, useRef } from "react";
import { useTranslation } from "react-i18next";

const Palette = lazy(() => import("./palette/Palette.tsx"));

const IS_APPLE = /Mac|iPhone|iPad/.test(navigator.userAgent);

/** Opens what takes one anywhere: a section, a user, an event type, a notification. */
export function PaletteButton({ onSignOut }: { onSignOut: () => void }) {
  const { t } = useTranslation();
  const [isOpen, palette] = useDisclosure(false);
  const before = useRef<Element | null>(null);

  function open() {
    before.current = document.activeElement;
    palette.open();
  }

  /** Whoever goes somewhere is there; else the focus goes back to where it was. */
  function close(hasGone: boolean) {
    palette.close();
    if (!hasGone && before.current instanceof HTMLElement) before.current.focus();
  }

  function toggle() {
    if (isOpen) close(false);
    else open();
  }

  // In fields as well: there it means nothing else.
  useHotkeys([["mod+K", toggle]], []);
  return (
    <>
      <UnstyledButton
        className="palette-button"
        aria-keyshortcuts="Control+K Meta+K"
        aria-haspopup="dialog"
        onClick={open}
      >
        <IconSearch size={16} stroke={2} aria-hidden />
        <span className="palette-words">{t("palette.search")}</span>
        <VisuallyHidden>{t("palette.where")}</VisuallyHidden>
        <Kbd size="xs" className="palette-key" aria-hidden>
          {IS_APPLE ? "⌘K" : "Ctrl K"}
        </Kbd>
      </UnstyledButton>
      {isOpen ? (
        <Suspense fallback={null}>
          <Palette onClose={close} onSignOut={onSignOut} />
        </Suspense>
      ) : null}
    </>
  );
}
