import { MultiSelect, Select, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { useCatalog, useRoles } from "../../api/queries.ts";
import { Filters as Narrowing } from "../../ui/Filters.tsx";
import { useTypedText } from "../../ui/useTypedText.ts";
import { countOf, type Filters } from "./filters.ts";

interface FilterFieldsProps {
  filters: Filters;
  onChange: (part: Partial<Filters>) => void;
}

/** Remembered, as the stream around it is drawn ten times a second. */
export const FilterFields = memo(function FilterFields({ filters, onChange }: FilterFieldsProps) {
  const { t } = useTranslation();
  const catalog = useCatalog().data?.types ?? [];
  const types = catalog.map((kind) => kind.type);
  const roles = useRoles();
  const [text, setText] = useTypedText(filters.text, (typed) => {
    onChange({ text: typed });
  });
  return (
    <Narrowing
      active={countOf(filters)}
      search={
        <TextInput
          className="filters-text"
          aria-label={t("live.search")}
          placeholder={t("live.search")}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
          }}
        />
      }
    >
      <MultiSelect
        flex="2 1 13rem"
        aria-label={t("common.types")}
        placeholder={filters.types.length === 0 ? t("live.allTypes") : ""}
        data={types}
        value={filters.types}
        searchable
        clearable
        onChange={(chosen) => {
          onChange({ types: chosen });
        }}
      />
      <Select
        flex="1 1 9rem"
        aria-label={t("common.role")}
        placeholder={t("live.allRoles")}
        data={roles}
        value={filters.role}
        clearable
        onChange={(role) => {
          onChange({ role });
        }}
      />
    </Narrowing>
  );
});
