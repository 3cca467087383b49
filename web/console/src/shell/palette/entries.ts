import { useMantineColorScheme } from "@mantine/core";
import {
  IconBook2,
  IconHelp,
  IconHistory,
  IconLanguage,
  IconLogout,
  IconMail,
  IconMoon,
  IconSun,
  IconUser,
  type Icon,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useCatalog, useGet } from "../../api/queries.ts";
import type { Users } from "../../api/records.ts";
import { chooseLanguage, language } from "../../i18n/index.ts";
import { textIn } from "../../i18n/texts.ts";
import { useSession } from "../../session/SessionContext.ts";
import { visibleText } from "../../ui/visibleText.ts";
import { navigate, withFields } from "../address.ts";
import { helpAddress } from "../help.ts";
import { SECTIONS } from "../navigation.ts";
import { best, isIdentity } from "./match.ts";

export interface Entry {
  id: string;
  label: string;
  hint?: string;
  icon: Icon;
  go: () => void;
}

export interface Group {
  name: "go" | "users" | "types" | "find" | "actions";
  entries: Entry[];
}

const MOST = 6;

/** What can be gone to or done, that answers what was typed; in groups, none of them empty. */
export function useEntries(typed: string, asked: string, onSignOut: () => void): Group[] {
  const { t } = useTranslation();
  const text = typed.trim();
  const types = useCatalog().data?.types ?? [];
  const users = useUsers(asked.trim());
  const actions = useActions(onSignOut);
  const label = (entry: Entry) => entry.label;

  const groups: Group[] = [
    { name: "find", entries: isIdentity(text) ? [notification(text)] : [] },
    { name: "go", entries: best(text, sections(), label, SECTIONS.length) },
    { name: "users", entries: text === "" ? [] : users },
    {
      name: "types",
      entries: text === "" ? [] : best(text, types.map(type), (one) => `${one.label} ${one.hint}`, MOST),
    },
    { name: "actions", entries: best(text, actions, label, MOST) },
    { name: "find", entries: text === "" || isIdentity(text) ? [] : anywhere() },
  ];
  return groups.filter((group) => group.entries.length > 0);

  function sections(): Entry[] {
    return SECTIONS.map(({ key, path, icon }) => ({ id: `go-${key}`, label: t(`nav.${key}`), icon, go: to(path) }));
  }

  function type(kind: (typeof types)[number]): Entry & { hint: string } {
    const path = withFields("/catalogo", { tipo: kind.type });
    const hint = textIn(kind.title, language());
    return { id: `type-${kind.type}`, label: kind.type, hint, icon: IconBook2, go: to(path) };
  }

  function notification(id: string): Entry {
    return {
      id: "id",
      label: t("palette.notification"),
      hint: id,
      icon: IconMail,
      go: to(`/historial/${id.toLowerCase()}`),
    };
  }

  function anywhere(): Entry[] {
    const shown = visibleText(text);
    return [
      {
        id: "inbox",
        label: t("palette.inboxOf", { user: shown }),
        icon: IconUser,
        go: to(`/usuarios/${encodeURIComponent(text)}`),
      },
      {
        id: "history",
        label: t("palette.inHistory", { text: shown }),
        icon: IconHistory,
        go: to(withFields("/historial", { q: text })),
      },
    ];
  }
}

function to(path: string): () => void {
  return () => {
    navigate(path);
  };
}

/** Who is connected and has this in their name. */
function useUsers(text: string): Entry[] {
  const { t } = useTranslation();
  const { data } = useGet<Users>("/v1/users", { q: text, limit: MOST }, { enabled: text !== "", keep: true });
  if (text === "") return [];
  return (data?.users ?? []).map((one) => ({
    id: `user-${one.user}`,
    label: visibleText(one.user),
    hint: one.roles.length === 0 ? t("palette.online") : one.roles.join(", "),
    icon: IconUser,
    go: to(`/usuarios/${encodeURIComponent(one.user)}`),
  }));
}

function useActions(onSignOut: () => void): Entry[] {
  const { t } = useTranslation();
  const { development } = useSession();
  const { setColorScheme } = useMantineColorScheme();
  return [
    {
      id: "language",
      label: t("palette.otherLanguage"),
      icon: IconLanguage,
      go: () => void chooseLanguage(language() === "es" ? "en" : "es"),
    },
    {
      id: "light",
      label: t("palette.light"),
      icon: IconSun,
      go: () => {
        setColorScheme("light");
      },
    },
    {
      id: "dark",
      label: t("palette.dark"),
      icon: IconMoon,
      go: () => {
        setColorScheme("dark");
      },
    },
    {
      id: "help",
      label: t("app.help"),
      icon: IconHelp,
      go: () => {
        window.location.assign(helpAddress());
      },
    },
    ...(development ? [] : [{ id: "out", label: t("session.signOut"), icon: IconLogout, go: onSignOut }]),
  ];
}
