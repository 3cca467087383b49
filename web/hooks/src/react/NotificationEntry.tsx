"use client";

import { memo, type MouseEvent, type ReactNode, useRef, useState } from "react";
import { safeLink } from "../core/links.ts";
import type { AnyItem, NotificationItem } from "../core/types.ts";
import { useLabels } from "./useLabels.ts";
import { useNotificationContext } from "./context.ts";
import { EntryActions } from "./EntryActions.tsx";
import { EntryIcon } from "./EntryIcon.tsx";
import { Picture } from "./Picture.tsx";
import { HIDDEN, useSlots } from "./slots.ts";
import { headingOf, short } from "./texts.ts";
import { fullTime, relativeTime } from "./times.ts";
import { useClamped } from "./useClamped.ts";
import { useFollow } from "./useFollow.ts";
import type { ItemHandlers } from "./useItemHandlers.ts";

interface Props {
  item: NotificationItem;
  now: number;
  handlers: ItemHandlers;
}

/** One notification: what it says as text, never as HTML; the whole of it can be clicked, its buttons apart. */
export const NotificationEntry = memo(function NotificationEntry({ item, now, handlers }: Props): ReactNode {
  const labels = useLabels();
  const slot = useSlots();
  const open = useOpen(item, handlers);
  const text = useRef<HTMLDivElement>(null);
  const [expanded, setExpanded] = useState(false);
  const { title, message, priority, read, archived, actor, image, category } = item as unknown as AnyItem;
  const canExpand = useClamped(text, (title?.length ?? 0) + message.length, expanded);
  const heading = headingOf({ title, message });

  function onClick(event: MouseEvent<HTMLElement>): void {
    if (!open.byClick || event.defaultPrevented || isOnControl(event) || isSelecting()) return;
    open.byClick();
  }

  return (
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-static-element-interactions -- what a click does here, a button of the entry does for the keyboard
    <div
      className={slot("item")}
      data-unread={!read || undefined}
      data-archived={archived || undefined}
      data-priority={priority}
      data-category={category}
      data-clickable={open.byClick || open.href !== undefined || open.onTitle ? true : undefined}
      onClick={onClick}
    >
      <EntryIcon notification={item} />
      <div className={slot("itemText")} ref={text} data-expanded={expanded || undefined}>
        {!read && <span style={HIDDEN}>{labels.isUnread}: </span>}
        <Title heading={heading} open={open} />
        {title && message && (
          <p className={slot("itemMessage")} dir="auto" data-clamp="">
            {message}
          </p>
        )}
        {canExpand && (
          <button
            type="button"
            className={slot("itemMore")}
            data-action="expand"
            aria-expanded={expanded}
            aria-label={labels.named(expanded ? labels.showLess : labels.showMore, short(heading))}
            onClick={() => {
              setExpanded(!expanded);
            }}
          >
            {expanded ? labels.showLess : labels.showMore}
          </button>
        )}
        <Picture address={image} slot="itemImage" />
        <Meta item={item} actor={actor?.name} />
      </div>
      <When item={item} now={now} />
      <EntryActions item={item} title={short(heading)} handlers={handlers} />
    </div>
  );
});

const isOnControl = ({ target }: MouseEvent): boolean =>
  target instanceof Element && target.closest("a, button, input, select, textarea, summary, label") !== null;

/** Whoever drags over a text wants to copy it. */
const isSelecting = (): boolean => getSelection()?.isCollapsed === false;

interface Open {
  href: string | undefined;
  /** What a click on the title does; with a link, besides following it. */
  onTitle: ((event: MouseEvent) => void) | undefined;
  /** What a click anywhere else does; undefined where the title covers everything. */
  byClick: (() => void) | undefined;
}

function useOpen(item: NotificationItem, { run, actions, onItemClick }: ItemHandlers): Open {
  const follow = useFollow();
  const { id, read, link } = item as unknown as AnyItem;
  const href = safeLink(link);
  const see = (): void => {
    if (!read) run(actions.markRead(id));
  };
  if (href !== undefined || onItemClick) {
    const onTitle = (event: MouseEvent): void => {
      see();
      onItemClick?.(item, event);
      if (href !== undefined) follow(event, href);
    };
    return { href, onTitle, byClick: undefined };
  }
  return { href, onTitle: undefined, byClick: read ? undefined : see };
}

function Title({ heading, open }: { heading: string; open: Open }): ReactNode {
  const slot = useSlots();
  const shared = { className: slot("itemTitle"), dir: "auto", "data-clamp": "" } as const;
  if (open.href !== undefined) {
    return (
      <a {...shared} href={open.href} onClick={open.onTitle}>
        {heading}
      </a>
    );
  }
  if (open.onTitle) {
    return (
      <button {...shared} type="button" onClick={open.onTitle}>
        {heading}
      </button>
    );
  }
  return <span {...shared}>{heading}</span>;
}

function Meta({ item, actor }: { item: AnyItem; actor: string | undefined }): ReactNode {
  const { priority, updated_at: updated } = item;
  const { locale } = useNotificationContext();
  const labels = useLabels();
  const slot = useSlots();
  const isCritical = priority === "critical";
  return (
    <>
      {priority === "high" && <span style={HIDDEN}>{labels.isHigh}</span>}
      {(isCritical || (actor ?? updated)) && (
        <p className={slot("itemMeta")}>
          {isCritical && <span className={slot("itemPriority")}>{labels.isCritical}</span>}
          {actor && <bdi>{actor}</bdi>}
          {updated && (
            <time dateTime={updated} title={fullTime(updated, locale)}>
              {labels.edited}
            </time>
          )}
        </p>
      )}
    </>
  );
}

function When({ item: { timestamp, read }, now }: { item: AnyItem; now: number }): ReactNode {
  const { locale } = useNotificationContext();
  const slot = useSlots();
  return (
    <time className={slot("itemTime")} dateTime={timestamp} title={fullTime(timestamp, locale)}>
      {relativeTime(timestamp, now, locale, "short")}
      {!read && <span className={slot("dot")} aria-hidden="true" />}
    </time>
  );
}
