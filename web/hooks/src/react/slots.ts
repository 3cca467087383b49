"use client";

import { createContext, type CSSProperties, useContext, useMemo } from "react";
import { useShallow } from "./useShallow.ts";

/** The parts of the components that take a class of yours; `itemTitle` is what the stylesheet calls `sio-item-title`. */
export type Slot =
  | "bell"
  | "bellButton"
  | "badge"
  | "panel"
  | "inbox"
  | "inboxBar"
  | "inboxTitle"
  | "inboxScroll"
  | "count"
  | "iconButton"
  | "markAll"
  | "filters"
  | "filter"
  | "categories"
  | "category"
  | "pill"
  | "day"
  | "dayLabel"
  | "list"
  | "group"
  | "groupToggle"
  | "item"
  | "itemIcon"
  | "itemText"
  | "itemTitle"
  | "itemMessage"
  | "itemImage"
  | "itemMeta"
  | "itemPriority"
  | "itemTime"
  | "itemMore"
  | "itemActions"
  | "itemButtons"
  | "itemButton"
  | "itemAnswer"
  | "dot"
  | "line"
  | "note"
  | "noteIcon"
  | "retry"
  | "more"
  | "skeleton"
  | "banner"
  | "bannerText"
  | "toast"
  | "toastText"
  | "toastTitle"
  | "toastMessage"
  | "toastImage"
  | "toastButtons"
  | "toastOpen";

export interface Styling {
  /** Added to the outermost element. */
  className?: string | undefined;
  style?: CSSProperties | undefined;
  /** Added to the parts of it. */
  classNames?: Partial<Record<Slot, string>> | undefined;
  /** None of the stylesheet's classes: only yours. */
  unstyled?: boolean | undefined;
}

type Given = Pick<Styling, "classNames" | "unstyled">;

export const SlotContext = createContext<Given>({});

/** The classes of a part: the stylesheet's, the application's, and that of the component's `className`. */
export function classOf(slot: Slot, { classNames, unstyled }: Given, className?: string): string | undefined {
  const own = unstyled ? undefined : `sio-${slot.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  return [own, classNames?.[slot], className].filter(Boolean).join(" ") || undefined;
}

/** What was given to a component, else to the one around it; it may be written inline. */
export function useStyling(classNames: Styling["classNames"], unstyled: boolean | undefined): Given {
  const around = useContext(SlotContext);
  const own = useShallow(classNames) ?? around.classNames;
  const isUnstyled = unstyled ?? around.unstyled;
  return useMemo(() => ({ classNames: own, unstyled: isUnstyled }), [own, isUnstyled]);
}

/** Names the classes of the parts of the component around it. */
export function useSlots(): (slot: Slot) => string | undefined {
  const given = useContext(SlotContext);
  return (slot) => classOf(slot, given);
}

/** For those who hear the page; it needs no stylesheet. */
export const HIDDEN: CSSProperties = {
  position: "absolute",
  width: 1,
  height: 1,
  margin: -1,
  padding: 0,
  overflow: "hidden",
  clipPath: "inset(50%)",
  whiteSpace: "nowrap",
};
