"use client";

import type { ReactNode } from "react";
import type { AnyNotification } from "../core/types.ts";
import { useNotificationContext } from "./context.ts";
import { Icon, kindOf } from "./icons.tsx";
import { useSlots } from "./slots.ts";

/** The application's icon for a notification, else the kit's for its type and priority. It says nothing of its own. */
export function EntryIcon({ notification }: { notification: AnyNotification }): ReactNode {
  const { renderIcon } = useNotificationContext();
  const slot = useSlots();
  const { icon, tone } = kindOf(notification);
  const own = renderIcon?.(notification);
  return (
    <span
      className={slot("itemIcon")}
      data-tone={tone}
      data-own={own === undefined ? undefined : ""}
      aria-hidden="true"
    >
      {own === undefined ? <Icon name={icon} /> : own}
    </span>
  );
}
