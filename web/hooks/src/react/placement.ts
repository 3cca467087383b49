/** Of the window, in CSS pixels; or of a rectangle in it. */
export interface Rect {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export interface Placement {
  left: number;
  /** One of both: the panel hangs below its button, or stands above it. */
  top: number | undefined;
  bottom: number | undefined;
  width: number;
  maxHeight: number;
}

/** Between the panel and its button. */
const GAP_PX = 6;
/** Between the panel and the edges of the window. */
const MARGIN_PX = 8;
/** With less room than this beside the button, the panel takes the height of the window. */
const ENOUGH_PX = 220;

const clamp = (value: number, least: number, most: number): number => Math.max(least, Math.min(value, most));

/**
 * Where a panel goes so that all of it is in the window: below its button with the ends in line, else above, else with
 * the beginnings in line, and where neither fits as near as there is room.
 */
export function place(button: Rect, size: { width: number; height: number }, view: Rect, isRtl: boolean): Placement {
  const width = Math.min(size.width, view.right - view.left - 2 * MARGIN_PX);
  const [least, most] = [view.left + MARGIN_PX, view.right - MARGIN_PX - width];
  const sides = [button.right - width, button.left];
  if (isRtl) sides.reverse();
  const left = clamp(sides.find((side) => side >= least && side <= most) ?? sides[0] ?? least, least, most);

  const below = view.bottom - MARGIN_PX - Math.max(button.bottom + GAP_PX, view.top + MARGIN_PX);
  const above = Math.min(button.top - GAP_PX, view.bottom - MARGIN_PX) - view.top - MARGIN_PX;
  const isAbove = below < Math.min(size.height, ENOUGH_PX) && above > below;
  const room = isAbove ? above : below;
  if (room < Math.min(size.height, ENOUGH_PX)) {
    const maxHeight = view.bottom - view.top - 2 * MARGIN_PX;
    return { left, top: view.top + MARGIN_PX, bottom: undefined, width, maxHeight };
  }
  return {
    left,
    top: isAbove ? undefined : Math.max(button.bottom + GAP_PX, view.top + MARGIN_PX),
    bottom: isAbove ? Math.max(view.bottom - button.top + GAP_PX, MARGIN_PX) : undefined,
    width,
    maxHeight: room,
  };
}
