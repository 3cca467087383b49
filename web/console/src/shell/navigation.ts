import {
  IconActivity,
  IconBook2,
  IconCalendarClock,
  IconCode,
  IconDeviceMobileMessage,
  IconFlask,
  IconHistory,
  IconKey,
  IconLayoutDashboard,
  IconSend,
  IconUsers,
  type Icon,
} from "@tabler/icons-react";
import { lazy, type ComponentType } from "react";
import { Overview } from "../sections/overview/Overview.tsx";

interface Entry {
  key:
    | "overview"
    | "send"
    | "live"
    | "scheduled"
    | "history"
    | "users"
    | "catalog"
    | "keys"
    | "tryout"
    | "simulator"
    | "api";
  path: string;
  pattern: string;
  icon: Icon;
  component: ComponentType;
  /** Whether it keeps what it shows when one goes from one place in it to another, as from a list to an entry of it. */
  keeps?: true;
}

/** Addresses are Spanish in every language: a link works for whoever gets it. */
export const SECTIONS: readonly Entry[] = [
  { key: "overview", path: "/", pattern: "/", icon: IconLayoutDashboard, component: Overview },
  {
    key: "send",
    path: "/enviar",
    pattern: "/enviar/:type?",
    icon: IconSend,
    component: lazy(() => import("../sections/send/Send.tsx")),
  },
  {
    key: "live",
    path: "/en-vivo",
    pattern: "/en-vivo",
    icon: IconActivity,
    component: lazy(() => import("../sections/live/LiveStream.tsx")),
  },
  {
    key: "scheduled",
    path: "/programadas",
    pattern: "/programadas",
    icon: IconCalendarClock,
    component: lazy(() => import("../sections/scheduled/Scheduled.tsx")),
  },
  {
    key: "history",
    path: "/historial",
    pattern: "/historial/:id?",
    icon: IconHistory,
    component: lazy(() => import("../sections/history/History.tsx")),
  },
  {
    key: "users",
    path: "/usuarios",
    pattern: "/usuarios/:user?",
    keeps: true,
    icon: IconUsers,
    component: lazy(() => import("../sections/users/Users.tsx")),
  },
  {
    key: "catalog",
    path: "/catalogo",
    pattern: "/catalogo",
    icon: IconBook2,
    component: lazy(() => import("../sections/catalog/Catalog.tsx")),
  },
  {
    key: "keys",
    path: "/claves",
    pattern: "/claves",
    icon: IconKey,
    component: lazy(() => import("../sections/keys/Keys.tsx")),
  },
  {
    key: "tryout",
    path: "/pruebalo",
    pattern: "/pruebalo",
    icon: IconDeviceMobileMessage,
    component: lazy(() => import("../sections/tryout/Tryout.tsx")),
  },
  {
    key: "simulator",
    path: "/simulador",
    pattern: "/simulador",
    icon: IconFlask,
    component: lazy(() => import("../sections/simulator/Simulator.tsx")),
  },
  {
    key: "api",
    path: "/api",
    pattern: "/api/:operation?",
    keeps: true,
    icon: IconCode,
    component: lazy(() => import("../sections/viewer/Viewer.tsx")),
  },
];
