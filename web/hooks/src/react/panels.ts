/** Which panels with an inbox are open: what is in one on the screen needs no toast over it. */
export interface Panels {
  /** Returns what closes it. */
  open: () => () => void;
  isOpen: () => boolean;
}

export function createPanels(): Panels {
  const open = new Set<symbol>();
  return {
    open: () => {
      const panel = Symbol("panel");
      open.add(panel);
      return () => void open.delete(panel);
    },
    isOpen: () => open.size > 0,
  };
}
