import { Kbd, UnstyledButton } from "@mantine/core";
import { useDisclosure, useHotkeys } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";

const Palette = lazy(() => import("./palette/Palette.tsx"));

const IS_APPLE = /Mac|iPhone|iPad/.test(navigator.userAgent);

/** Opens what takes one anywhere: a section, a user, an event type, a notification. */
export function PaletteButton({ onSignOut }: { onSignOut: () => void }) {
  const { t } = useTranslation();
  const [isOpen, palette] = useDisclosure(false);
  // In fields as well: there it means nothing else.
  useHotkeys([["mod+K", palette.toggle]], []);
  return (
    <>
      <UnstyledButton
        className="palette-button"
        aria-label={t("palette.open")}
        aria-keyshortcuts="Control+K Meta+K"
        aria-haspopup="dialog"
        onClick={palette.open}
      >
        <IconSearch size={16} stroke={2} aria-hidden />
        <span className="palette-words" aria-hidden>
          {t("palette.search")}
        </span>
        <Kbd size="xs" className="palette-words" aria-hidden>
          {IS_APPLE ? "⌘K" : "Ctrl K"}
        </Kbd>
      </UnstyledButton>
      {isOpen ? (
        <Suspense fallback={null}>
          <Palette onClose={palette.close} onSignOut={onSignOut} />
        </Suspense>
      ) : null}
    </>
  );
}
