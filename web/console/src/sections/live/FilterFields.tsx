import { Group, MultiSelect, Select, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { useCatalog, useRoles } from "../../api/queries.ts";
import type { Filters } from "./filters.ts";

interface FilterFieldsProps {
  filters: Filters;
  onChange: (filters: Filters) => void;
}

/** Remembered, as the stream around it is drawn ten times a second. */
export const FilterFields = memo(function FilterFields({ filters, onChange }: FilterFieldsProps) {
  const { t } = useTranslation();
  const catalog = useCatalog().data?.types ?? [];
  const types = catalog.map((kind) => kind.type);
  const roles = useRoles();
  return (
    <Group gap="sm" align="flex-end" className="filters">
      <TextInput
        flex="2 1 220px"
        aria-label={t("live.search")}
        placeholder={t("live.search")}
        leftSection={<IconSearch size={16} aria-hidden />}
        value={filters.text}
        onChange={(event) => {
          onChange({ ...filters, text: event.currentTarget.value });
        }}
      />
      <MultiSelect
        flex="2 1 220px"
        aria-label={t("common.types")}
        placeholder={filters.types.length === 0 ? t("live.allTypes") : ""}
        data={types}
        value={filters.types}
        searchable
        clearable
        onChange={(chosen) => {
          onChange({ ...filters, types: chosen });
        }}
      />
      <Select
        flex="1 1 150px"
        aria-label={t("common.role")}
        placeholder={t("live.allRoles")}
        data={roles}
        value={filters.role}
        clearable
        onChange={(role) => {
          onChange({ ...filters, role });
        }}
      />
    </Group>
  );
});
