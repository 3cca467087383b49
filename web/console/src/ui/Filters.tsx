import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconAdjustmentsHorizontal } from "@tabler/icons-react";
import { Children, useId, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import "./filters.css";

/** With more than these beside it the text has a line of its own. */
const MANY = 3;

interface FiltersProps {
  /** How many of them narrow something down. */
  active: number;
  /** What is always there: the field for a text. */
  search: ReactNode;
  children: ReactNode;
}

/** What narrows a list down. On a phone all but the text is behind a button, which says how many are at work. */
export function Filters({ active, search, children }: FiltersProps) {
  const { t } = useTranslation();
  const [isOpen, { toggle }] = useDisclosure(false);
  const id = useId();
  return (
    <div className="filters" data-open={isOpen} data-many={Children.count(children) > MANY}>
      {search}
      <Button
        variant="default"
        className="filters-toggle"
        aria-expanded={isOpen}
        aria-controls={id}
        leftSection={<IconAdjustmentsHorizontal size={18} aria-hidden />}
        onClick={toggle}
      >
        {active === 0 ? t("common.filters") : t("common.filtersActive", { count: active })}
      </Button>
      <div id={id} className="filters-more">
        {children}
      </div>
    </div>
  );
}
