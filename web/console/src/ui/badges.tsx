import { Badge, Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Audience, Priority } from "../api/records.ts";
import { useFormats } from "../i18n/formats.ts";
import { visibleText } from "./visibleText.ts";

/** Users that are named one by one. */
const MOST_NAMED = 3;

const COLORS: Record<Priority, string> = { low: "gray", normal: "mar", high: "orange", critical: "red" };

export function TypeName({ type }: { type: string }) {
  return (
    <Text component="span" className="mono cut" size="sm" fw={600} title={type} display="block">
      {type}
    </Text>
  );
}

export function PriorityBadge({ priority }: { priority: Priority }) {
  const { t } = useTranslation();
  return (
    <Badge variant="outline" color={COLORS[priority]} tt="none" className={`outlined outlined-${COLORS[priority]}`}>
      {t(`priority.${priority}`)}
    </Badge>
  );
}

interface AudienceProps {
  audience: Audience;
}

/** Whom something is for, in a few words. */
export function AudienceText({ audience }: AudienceProps) {
  const sentence = useAudienceSentence();
  return <>{sentence(audience)}</>;
}

export function useAudienceSentence(): (audience: Audience) => string {
  const { t } = useTranslation();
  const { list } = useFormats();
  return (audience) => {
    const parts = audience.all
      ? [t("common.everybody")]
      : [
          ...audience.roles.map(visibleText),
          ...(audience.users.length > MOST_NAMED
            ? [t("common.manyUsers", { count: audience.users.length })]
            : audience.users.map((user) => t("common.oneUser", { user: visibleText(user) }))),
          ...audience.topics.map((topic) => t("common.oneTopic", { topic: visibleText(topic) })),
        ];
    const whom = parts.length === 0 ? t("common.nobody") : list(parts);
    const excepted = audience.except.users;
    if (excepted.length === 0) return whom;
    const users =
      excepted.length > MOST_NAMED
        ? t("common.manyUsers", { count: excepted.length })
        : list(excepted.map(visibleText));
    return `${whom} (${t("common.except", { users })})`;
  };
}

export function Roles({ roles }: { roles: readonly string[] }) {
  const { t } = useTranslation();
  if (roles.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {t("overview.noRole")}
      </Text>
    );
  return (
    <Group gap={4} wrap="nowrap" style={{ flex: "none" }}>
      {roles.map((role) => (
        <Badge
          key={role}
          variant="outline"
          color={role === "admin" ? "grape" : "mar"}
          tt="none"
          className={`outlined outlined-${role === "admin" ? "grape" : "mar"}`}
        >
          {role}
        </Badge>
      ))}
    </Group>
  );
}
