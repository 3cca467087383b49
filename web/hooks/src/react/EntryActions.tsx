"use client";

import type { ReactNode } from "react";
import type { AnyItem, NotificationItem } from "../core/types.ts";
import { useLabels } from "./useLabels.ts";
import { Icon, type IconName } from "./icons.tsx";
import { useSlots } from "./slots.ts";
import { OfferedActions } from "./OfferedActions.tsx";
import { useFollow } from "./useFollow.ts";
import type { ItemHandlers } from "./useItemHandlers.ts";

interface Props {
  item: AnyItem;
  title: string;
  handlers: ItemHandlers;
}

/** What can be done with one entry: its own buttons, the application's, then read and archive. */
export function EntryActions({ item, title, handlers }: Props): ReactNode {
  const labels = useLabels();
  const slot = useSlots();
  const follow = useFollow();
  const { run, actions, itemActions } = handlers;
  const { id, read, archived } = item;
  const hasOffers = item.actions !== undefined || item.answered !== undefined;
  const own = itemActions?.(item as unknown as NotificationItem) ?? [];
  return (
    <>
      {(own.length > 0 || hasOffers) && (
        <div className={slot("itemButtons")}>
          {hasOffers && (
            <OfferedActions
              notification={item}
              title={title}
              act={(action) => {
                run(actions.act(id, action));
              }}
              follow={follow}
            />
          )}
          {own.map(({ label, primary, onSelect }) => (
            <button
              key={label}
              type="button"
              className={slot("itemButton")}
              data-primary={primary === true ? "" : undefined}
              data-action={`own-${label}`}
              aria-label={labels.named(label, title)}
              onClick={onSelect}
            >
              {label}
            </button>
          ))}
        </div>
      )}
      <div className={slot("itemActions")}>
        <Action
          name="read"
          icon={read ? "unread" : "check"}
          label={read ? labels.markUnread : labels.markRead}
          title={title}
          onClick={() => {
            run(actions[read ? "markUnread" : "markRead"](id));
          }}
        />
        <Action
          name="archive"
          icon={archived ? "unarchive" : "archive"}
          label={archived ? labels.unarchive : labels.archive}
          title={title}
          onClick={() => {
            run(actions[archived ? "unarchive" : "archive"](id));
          }}
        />
      </div>
    </>
  );
}

interface ActionProps {
  /** The same for what it does and undoes, so that the focus finds it again on the next entry. */
  name: string;
  icon: IconName;
  label: string;
  title: string;
  onClick: () => void;
}

export function Action({ name, icon, label, title, onClick }: ActionProps): ReactNode {
  const labels = useLabels();
  const slot = useSlots();
  return (
    <button
      type="button"
      className={slot("iconButton")}
      data-action={name}
      aria-label={labels.named(label, title)}
      title={label}
      onClick={onClick}
    >
      <Icon name={icon} size={18} />
    </button>
  );
}
