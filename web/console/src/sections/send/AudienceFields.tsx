import { Button, Group, SegmentedControl, SimpleGrid, Stack, Switch, TagsInput, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconUser } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useGet } from "../../api/queries.ts";
import type { EventType, Users } from "../../api/records.ts";
import { useSession } from "../../session/SessionContext.ts";
import { useSampler } from "../../live/LiveContext.ts";
import { useAudienceSentence } from "../../ui/badges.tsx";
import type { Draft } from "./draft.ts";
import type { ErrorOf } from "./fieldErrors.ts";

interface AudienceFieldsProps {
  kind: EventType | undefined;
  draft: Draft;
  errorOf: ErrorOf;
  onChange: (part: Partial<Draft>) => void;
}

export function AudienceFields({ kind, draft, errorOf, onChange }: AudienceFieldsProps) {
  const { t } = useTranslation();
  const { user } = useSession();
  const { stats } = useSampler();
  const sentence = useAudienceSentence();
  const roles = [...new Set(["admin", "turista", ...Object.keys(stats?.connections.by_role ?? {})])].filter(
    (role) => role !== "none",
  );
  return (
    <Stack gap="sm">
      <Group justify="space-between" gap="xs">
        <SegmentedControl
          aria-label={t("send.audience")}
          data={[
            { value: "catalog", label: t("send.byCatalog") },
            { value: "custom", label: t("send.custom") },
          ]}
          value={draft.audience}
          onChange={(audience) => {
            onChange({ audience: audience });
          }}
        />
        {user === null ? null : (
          <Button
            variant="default"
            size="xs"
            leftSection={<IconUser size={16} aria-hidden />}
            onClick={() => {
              onChange({ audience: "custom", all: false, roles: [], users: [user], topics: [], except: [] });
            }}
          >
            {t("send.onlyMe")}
          </Button>
        )}
      </Group>
      {draft.audience === "catalog" ? (
        <Text size="sm" className="mono">
          {kind === undefined ? "" : sentence(kind.audience)}
        </Text>
      ) : (
        <Stack gap="sm">
          <Switch
            label={t("send.everybody")}
            checked={draft.all}
            onChange={(event) => {
              onChange({ all: event.currentTarget.checked });
            }}
          />
          <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
            <Names
              label={t("send.rolesLabel")}
              known={roles}
              value={draft.roles}
              error={errorOf("audience")}
              disabled={draft.all}
              onChange={(names) => {
                onChange({ roles: names });
              }}
            />
            <People
              label={t("send.usersLabel")}
              value={draft.users}
              disabled={draft.all}
              onChange={(names) => {
                onChange({ users: names });
              }}
            />
            <Names
              label={t("send.topicsLabel")}
              value={draft.topics}
              disabled={draft.all}
              onChange={(names) => {
                onChange({ topics: names });
              }}
            />
            <People
              label={t("send.exceptLabel")}
              value={draft.except}
              onChange={(names) => {
                onChange({ except: names });
              }}
            />
          </SimpleGrid>
        </Stack>
      )}
    </Stack>
  );
}

interface NamesProps {
  label: string;
  known?: string[];
  value: string[];
  disabled?: boolean;
  error?: string | null;
  onChange: (names: string[]) => void;
  onSearch?: (text: string) => void;
}

function Names({ label, known = [], value, disabled = false, error = null, onChange, onSearch }: NamesProps) {
  const { t } = useTranslation();
  return (
    <TagsInput
      label={label}
      placeholder={value.length === 0 ? t("send.namesPlaceholder") : ""}
      data={known}
      value={value}
      disabled={disabled}
      error={error}
      acceptValueOnBlur
      maxDropdownHeight={240}
      onChange={onChange}
      {...(onSearch === undefined ? {} : { onSearchChange: onSearch })}
    />
  );
}

const SUGGESTED = 20;

/** Names of users, with those who are connected to choose from; others may be written. */
function People(props: Omit<NamesProps, "known" | "onSearch">) {
  const [text, setText] = useState("");
  const [asked] = useDebouncedValue(text.trim(), 200);
  const { data } = useGet<Users>("/v1/users", { limit: SUGGESTED, q: asked }, { keep: true });
  return <Names {...props} known={(data?.users ?? []).map((one) => one.user)} onSearch={setText} />;
}
