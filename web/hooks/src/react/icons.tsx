import type { ReactNode } from "react";
import type { AnyEnvelope } from "../core/types.ts";

// Drawn for this kit on a grid of 24, with round strokes.
const PATHS = {
  bell: "M12 3a6 6 0 0 0-6 6c0 5-2 6.4-2 8h16c0-1.6-2-3-2-8a6 6 0 0 0-6-6ZM9.6 20.5a2.6 2.6 0 0 0 4.8 0",
  booking:
    "M5 5.5h14a1.5 1.5 0 0 1 1.5 1.5v12a1.5 1.5 0 0 1-1.5 1.5H5A1.5 1.5 0 0 1 3.5 19V7A1.5 1.5 0 0 1 5 5.5ZM3.5 10h17M8 3v4M16 3v4m-7 8.2 2.2 2.1 3.8-4",
  cancelled:
    "M5 5.5h14a1.5 1.5 0 0 1 1.5 1.5v12a1.5 1.5 0 0 1-1.5 1.5H5A1.5 1.5 0 0 1 3.5 19V7A1.5 1.5 0 0 1 5 5.5ZM3.5 10h17M8 3v4M16 3v4m-6 6.5 4 4m0-4-4 4",
  map: "m9 4.5-5.5 2v13.5L9 18l6 2 5.5-2V4.5L15 6.5l-6-2ZM9 4.5V18m6-11.5V20",
  user: "M12 12a4.2 4.2 0 1 0 0-8.4 4.2 4.2 0 0 0 0 8.4ZM4 20.5c.8-3.8 4-5.5 8-5.5s7.2 1.7 8 5.5",
  service: "M4 17.5a8 8 0 0 1 16 0ZM2.5 20.5h19M12 9.5V7m-2 0h4",
  star: "m12 3.5 2.6 5.4 5.9.8-4.3 4.2 1 5.9-5.2-2.8-5.2 2.8 1-5.9-4.3-4.2 5.9-.8L12 3.5Z",
  pin: "M12 21s7-6.2 7-11.5a7 7 0 0 0-14 0C5 14.8 12 21 12 21Zm0-9a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z",
  compass: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Zm3.6-12.6-2.1 5.1-5.1 2.1 2.1-5.1 5.1-2.1Z",
  alert: "M12 4 2.8 20h18.4L12 4Zm0 6.5v4m0 2.8v.1",
  check: "m5 12.5 4.5 4.5L19 7.5",
  checks: "m2 12.5 4.5 4.5L15 8.5m-4.5 8 .5.5L20 8.5",
  unread:
    "M5 5.5h14A1.5 1.5 0 0 1 20.5 7v10a1.5 1.5 0 0 1-1.5 1.5H5A1.5 1.5 0 0 1 3.5 17V7A1.5 1.5 0 0 1 5 5.5Zm-1 1 8 6.5 8-6.5",
  archive: "M3.5 4.5h17V9h-17V4.5ZM5 9v9.5A1.5 1.5 0 0 0 6.5 20h11a1.5 1.5 0 0 0 1.5-1.5V9m-9 4h4",
  unarchive: "M4 13.5V18a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-4.5M12 15.5V4m-4.5 4.5L12 4l4.5 4.5",
  close: "m6 6 12 12M18 6 6 18",
  chevron: "m6 9.5 6 6 6-6",
  offline:
    "M3 4l18 17M5 12.5a10 10 0 0 1 3.5-2.2m4.5-.7a10 10 0 0 1 6 2.9M8.5 16a5 5 0 0 1 5-1.2M12 19.5v.1M2 9a15 15 0 0 1 4-2.6m5-1A15 15 0 0 1 22 9",
} as const;

export type IconName = keyof typeof PATHS;

export const isIcon = (name: string | undefined): name is IconName => name !== undefined && Object.hasOwn(PATHS, name);

/** One of the kit's icons, in the colour of the text around it and a size of the stylesheet's. */
export function Icon({ name, filled, size = 20 }: { name: IconName; filled?: boolean; size?: number }): ReactNode {
  return (
    <svg
      viewBox="0 0 24 24"
      width={size}
      height={size}
      fill={filled ? "currentColor" : "none"}
      stroke="currentColor"
      strokeWidth="1.7"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

/** What colour goes with what happened: it is named for its meaning, and the stylesheet knows the colour. */
export type Tone = "accent" | "good" | "warn" | "bad" | "calm";

// The types of the tourism system and what others are likely to be called; the first that fits.
const KINDS: readonly (readonly [RegExp, IconName, Tone])[] = [
  [/cancel|rechaz|reject/, "cancelled", "bad"],
  [/reserva|book|order|pedido/, "booking", "accent"],
  [/tour|viaje|trip/, "map", "good"],
  [/recomen|recommend|favorit/, "star", "warn"],
  [/servici|service/, "service", "calm"],
  [/destin|place|lugar/, "pin", "good"],
  [/gu[ií]a|guide/, "compass", "calm"],
  [/usuario|user|account|cuenta/, "user", "calm"],
  [/error|fail|alert|alarm/, "alert", "bad"],
];

/** The icon and the colour of a notification: by its type, else by its priority. */
export function kindOf({ type, priority }: Pick<AnyEnvelope, "type" | "priority">): { icon: IconName; tone: Tone } {
  const [, icon, tone] = KINDS.find(([pattern]) => pattern.test(type)) ?? [];
  const urgent = priority === "critical" ? "bad" : priority === "high" ? "warn" : undefined;
  return {
    icon: icon ?? (urgent ? "alert" : "bell"),
    tone: priority === "critical" ? "bad" : (tone ?? urgent ?? "accent"),
  };
}
