"use client";

import type { ReactNode } from "react";
import type { ListStatus } from "../core/types.ts";
import { useLabels } from "./useLabels.ts";
import { useSlots } from "./slots.ts";
import { cap, useUnreadCount } from "./useUnreadCount.ts";

/** Event types that belong together, under a name of the application's. */
export interface Category {
  label: string;
  types: readonly string[];
  icon?: ReactNode;
}

const MAX_COUNT = 99;

interface FiltersProps {
  filters: readonly ListStatus[];
  status: ListStatus;
  /** Whether the number of unread ones is that of this list. */
  isCounted: boolean;
  onChoose: (status: ListStatus) => void;
}

/** All, unread or archived. */
export function Filters({ filters, status, isCounted, onChoose }: FiltersProps): ReactNode {
  const labels = useLabels();
  const slot = useSlots();
  const { unread } = useUnreadCount();
  return (
    <div role="group" aria-label={labels.filters} className={slot("filters")}>
      {filters.map((filter) => (
        <button
          key={filter}
          type="button"
          className={slot("filter")}
          aria-pressed={filter === status}
          onClick={() => {
            onChoose(filter);
          }}
        >
          {labels[filter]}
          {filter === "unread" && isCounted && unread > 0 && (
            <span className={slot("count")} aria-hidden="true">
              {cap(unread, MAX_COUNT)}
            </span>
          )}
        </button>
      ))}
    </div>
  );
}

interface ChoiceProps {
  categories: readonly Category[];
  /** The label of the chosen one; undefined for everything. */
  chosen: string | undefined;
  onChoose: (label: string | undefined) => void;
}

/** Everything, or one category of the application's. */
export function Choice({ categories, chosen, onChoose }: ChoiceProps): ReactNode {
  const labels = useLabels();
  const slot = useSlots();
  const all: { label: string | undefined; icon?: ReactNode }[] = [{ label: undefined }, ...categories];
  return (
    <div role="group" aria-label={labels.categories} className={slot("categories")}>
      {all.map(({ label, icon }) => (
        <button
          key={label ?? ""}
          type="button"
          className={slot("category")}
          aria-pressed={label === chosen}
          onClick={() => {
            onChoose(label);
          }}
        >
          {icon}
          {label ?? labels.everything}
        </button>
      ))}
    </div>
  );
}
