import { Button, Group, Select, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useCatalog, useRoles } from "../../api/queries.ts";
import { PRIORITIES } from "../../api/records.ts";
import type { Search } from "./search.ts";

interface SearchFieldsProps {
  search: Search;
  onChange: (search: Search) => void;
}

/** What of the log to show. A choice counts at once, a name when it is written. */
export function SearchFields({ search, onChange }: SearchFieldsProps) {
  const { t } = useTranslation();
  const catalog = useCatalog();
  const roles = useRoles();
  const [user, setUser] = useState(search.user);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onChange({ ...search, user: user.trim() });
      }}
    >
      <Group gap="sm" align="flex-end">
        <Select
          flex="2 1 200px"
          label={t("common.type")}
          placeholder={t("live.allTypes")}
          data={(catalog.data?.types ?? []).map((kind) => kind.type)}
          value={search.type}
          searchable
          clearable
          onChange={(type) => {
            onChange({ ...search, type });
          }}
        />
        <Select
          flex="1 1 130px"
          label={t("common.role")}
          placeholder={t("live.allRoles")}
          data={roles}
          value={search.role}
          clearable
          onChange={(role) => {
            onChange({ ...search, role });
          }}
        />
        <Select
          flex="1 1 130px"
          label={t("common.priority")}
          placeholder={t("history.anyPriority")}
          data={PRIORITIES.map((priority) => ({ value: priority, label: t(`priority.${priority}`) }))}
          value={search.priority}
          clearable
          onChange={(priority) => {
            onChange({ ...search, priority });
          }}
        />
        <TextInput
          flex="2 1 160px"
          label={t("history.byUser")}
          placeholder={t("history.byUserPlaceholder")}
          value={user}
          onChange={(event) => {
            setUser(event.currentTarget.value);
          }}
        />
        <Button type="submit" variant="default" leftSection={<IconSearch size={16} aria-hidden />}>
          {t("history.apply")}
        </Button>
      </Group>
    </form>
  );
}
