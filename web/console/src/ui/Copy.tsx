import { Button, CopyButton, Group, type ButtonProps } from "@mantine/core";
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

/** Code to be taken along. */
export function Code({ text, label }: { text: string; label: string }) {
  return (
    <div>
      <pre className="code wrap" role="region" aria-label={label}>
        {text}
      </pre>
      <Group justify="flex-end" mt={8}>
        <Copy text={text} />
      </Group>
    </div>
  );
}
