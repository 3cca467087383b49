import { Alert, type AlertProps } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconInfoCircle } from "@tabler/icons-react";

export type Tone = "green" | "orange" | "red";

const ICONS = { green: IconCircleCheck, orange: IconInfoCircle, red: IconAlertTriangle } as const;

interface CalloutProps extends Omit<AlertProps, "variant" | "color"> {
  tone: Tone;
}

/** Something that is to be noticed: well, take care, wrong. They differ in colour and in icon. */
export function Callout({ tone, className, icon, ...rest }: CalloutProps) {
  const Icon = ICONS[tone];
  return (
    <Alert
      className={`callout callout-${tone} ${className ?? ""}`}
      icon={icon ?? <Icon size={20} stroke={1.8} aria-hidden />}
      py="sm"
      {...rest}
    />
  );
}
