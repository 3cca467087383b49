import { Select, TextInput } from "@mantine/core";
import { IconSearch, IconUser } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useCatalog, useRoles } from "../../api/queries.ts";
import { PRIORITIES } from "../../api/records.ts";
import { Filters } from "../../ui/Filters.tsx";
import { useTypedText } from "../../ui/useTypedText.ts";
import { countOf, type Search } from "./search.ts";
import { When } from "./When.tsx";

interface SearchFieldsProps {
  search: Search;
  onChange: (part: Partial<Search>) => void;
}

/** What of the log to show. A choice counts at once, a text when the typing rests. */
export function SearchFields({ search, onChange }: SearchFieldsProps) {
  const { t } = useTranslation();
  const catalog = useCatalog();
  const roles = useRoles();
  const [text, setText] = useTypedText(search.text, (typed) => {
    onChange({ text: typed });
  });
  const [user, setUser] = useTypedText(search.user, (typed) => {
    onChange({ user: typed });
  });
  return (
    <Filters
      active={countOf(search)}
      search={
        <TextInput
          className="filters-text"
          type="search"
          aria-label={t("history.search")}
          placeholder={t("history.search")}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
          }}
        />
      }
    >
      <When
        range={search}
        onChange={(range) => {
          onChange(range);
        }}
      />
      <Select
        flex="1 1 11rem"
        aria-label={t("common.type")}
        placeholder={t("live.allTypes")}
        data={(catalog.data?.types ?? []).map((kind) => kind.type)}
        value={search.type}
        searchable
        clearable
        onChange={(type) => {
          onChange({ type });
        }}
      />
      <Select
        flex="1 1 8rem"
        aria-label={t("common.role")}
        placeholder={t("live.allRoles")}
        data={roles}
        value={search.role}
        clearable
        onChange={(role) => {
          onChange({ role });
        }}
      />
      <Select
        flex="1 1 8rem"
        aria-label={t("common.priority")}
        placeholder={t("history.anyPriority")}
        data={PRIORITIES.map((priority) => ({ value: priority, label: t(`priority.${priority}`) }))}
        value={search.priority}
        clearable
        onChange={(priority) => {
          onChange({ priority });
        }}
      />
      <TextInput
        flex="1 1 10rem"
        aria-label={t("history.byUser")}
        placeholder={t("history.byUser")}
        leftSection={<IconUser size={16} aria-hidden />}
        value={user}
        onChange={(event) => {
          setUser(event.currentTarget.value);
        }}
      />
    </Filters>
  );
}
