"use client";

import type { ReactNode } from "react";
import type { AnyEnvelope, AnyNotification } from "../core/types.ts";
import { useNotificationContext } from "./context.ts";
import { Icon, isIcon, kindOf } from "./icons.tsx";
import { isPicture } from "./Picture.tsx";
import { useSlots } from "./slots.ts";

/** The application's icon for a notification, else its own, else the kit's for its type. It says nothing of its own. */
export function EntryIcon({ notification }: { notification: AnyNotification }): ReactNode {
  const { renderIcon } = useNotificationContext();
  const slot = useSlots();
  const { icon, tone } = kindOf(notification);
  const { icon: given } = notification as unknown as AnyEnvelope;
  const own = renderIcon?.(notification);
  const isGiven = own !== undefined || isPicture(given);
  let shown = own;
  if (own === undefined && isPicture(given))
    shown = <img src={given} alt="" loading="lazy" referrerPolicy="no-referrer" />;
  return (
    <span className={slot("itemIcon")} data-tone={tone} data-own={isGiven ? "" : undefined} aria-hidden="true">
      {isGiven ? shown : <Icon name={isIcon(given) ? given : icon} />}
    </span>
  );
}
