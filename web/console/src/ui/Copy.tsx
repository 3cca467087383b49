import { ActionIcon, Button, CopyButton, Tooltip, VisuallyHidden, type ButtonProps } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

interface CopyProps extends ButtonProps {
  text: string;
  label?: string;
}

export function Copy({ text, label, ...rest }: CopyProps) {
  const { t } = useTranslation();
  return (
    <CopyButton value={text} timeout={2_000}>
      {({ copied, copy }) => (
        <Button
          size="xs"
          variant="default"
          leftSection={copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
          onClick={copy}
          {...rest}
        >
          <span aria-live="polite">{copied ? t("common.copied") : (label ?? t("common.copy"))}</span>
        </Button>
      )}
    </CopyButton>
  );
}

/** The same without words, for corners and ends of lines; `of` says what is copied. */
export function CopyIcon({ text, of, className }: { text: string; of: string; className?: string }) {
  const { t } = useTranslation();
  return (
    <CopyButton value={text} timeout={2_000}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? t("common.copied") : t("common.copy")}>
          <ActionIcon
            variant="default"
            size="md"
            aria-label={t("common.copyOf", { of })}
            onClick={copy}
            {...(className === undefined ? {} : { className })}
          >
            {copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
            <VisuallyHidden aria-live="polite">{copied ? t("common.copied") : ""}</VisuallyHidden>
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}

/** Code to be taken along. */
export function Code({ text, label }: { text: string; label: string }) {
  return (
    <div className="code-box">
      <pre className="code wrap" role="region" aria-label={label}>
        {text}
      </pre>
      <CopyIcon text={text} of={label} className="code-copy" />
    </div>
  );
}
