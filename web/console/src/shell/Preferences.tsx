import { Button, Popover, SegmentedControl, Stack, Text, useMantineColorScheme } from "@mantine/core";
import { useDisclosure, useHotkeys } from "@mantine/hooks";
import { IconSettings } from "@tabler/icons-react";
import { useId, useRef, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { chooseLanguage, LANGUAGES, type Language } from "../i18n/index.ts";
import { chooseDensity, DENSITIES, useDensity, type Density } from "./density.ts";

const NAMES = { es: "Español", en: "English" } as const;
const THEMES = ["light", "dark", "auto"] as const;

/** Language, theme, and how close rows stand. */
export function Preferences() {
  const { t, i18n } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const density = useDensity();
  const [isOpen, popover] = useDisclosure(false);
  const button = useRef<HTMLButtonElement>(null);
  // Wherever the focus is: a language that is loading may have taken it away.
  const escape = () => {
    if (!isOpen) return;
    popover.close();
    button.current?.focus();
  };
  useHotkeys([["Escape", escape, { preventDefault: false }]], []);
  return (
    <Popover opened={isOpen} onChange={popover.set} position="bottom-end" width={264} trapFocus returnFocus shadow="md">
      <Popover.Target>
        <Button
          ref={button}
          variant="default"
          size="sm"
          px={9}
          leftSection={<IconSettings size={18} stroke={1.8} aria-hidden />}
          className="preferences"
          aria-label={`${t("preferences.title")} (${i18n.language.toUpperCase()})`}
          onClick={popover.toggle}
        >
          <span aria-hidden>{i18n.language.toUpperCase()}</span>
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={t("preferences.title")}>
        <Stack gap="sm">
          <Choice name={t("preferences.language")}>
            {(label) => (
              <SegmentedControl<Language>
                fullWidth
                size="xs"
                aria-labelledby={label}
                data={LANGUAGES.map((language) => ({
                  value: language,
                  label: <span lang={language}>{NAMES[language]}</span>,
                }))}
                value={i18n.language === "en" ? "en" : "es"}
                onChange={(language) => {
                  void chooseLanguage(language);
                }}
              />
            )}
          </Choice>
          <Choice name={t("preferences.theme")}>
            {(label) => (
              <SegmentedControl<(typeof THEMES)[number]>
                fullWidth
                size="xs"
                aria-labelledby={label}
                data={THEMES.map((scheme) => ({ value: scheme, label: t(`preferences.${scheme}`) }))}
                value={colorScheme}
                onChange={setColorScheme}
              />
            )}
          </Choice>
          <Choice name={t("preferences.density")}>
            {(label) => (
              <SegmentedControl<Density>
                fullWidth
                size="xs"
                aria-labelledby={label}
                data={DENSITIES.map((one) => ({ value: one, label: t(`preferences.${one}`) }))}
                value={density}
                onChange={chooseDensity}
              />
            )}
          </Choice>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

function Choice({ name, children }: { name: string; children: (label: string) => ReactNode }) {
  const id = useId();
  return (
    <div>
      <Text id={id} size="xs" c="dimmed" fw={550} mb={4}>
        {name}
      </Text>
      {children(id)}
    </div>
  );
}
