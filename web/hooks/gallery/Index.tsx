import type { ReactNode } from "react";
import type { Language } from "./samples.ts";

interface Props {
  scenes: readonly { name: string; title: Record<Language, string> }[];
  language: Language;
  query: URLSearchParams;
}

/** The scenes by name, and the chosen one in a frame of its own, so that what is fixed to the window has a window. */
export function Index({ scenes, language, query }: Props): ReactNode {
  const shown = query.get("show") ?? "inbox";
  const address = (changes: Record<string, string | null>): string => {
    const changed = new URLSearchParams(query);
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) changed.delete(name);
      else changed.set(name, value);
    }
    return `?${changed.toString()}`;
  };
  const dark = query.get("theme") === "dark";
  const rtl = query.get("dir") === "rtl";
  const title = scenes.find(({ name }) => name === shown)?.title[language];
  return (
    <div className="index">
      <nav aria-label={language === "es" ? "Estados" : "States"}>
        <h1>@sio-server/react</h1>
        <ul>
          {scenes.map((scene) => (
            <li key={scene.name}>
              <a href={address({ show: scene.name })} aria-current={scene.name === shown ? "page" : undefined}>
                {scene.title[language]}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <main>
        <div className="tools">
          <h2>{title}</h2>
          <a href={address({ lang: language === "es" ? "en" : null })}>{language === "es" ? "English" : "Español"}</a>
          <a href={address({ theme: dark ? "light" : "dark" })}>{dark ? "☀" : "☾"}</a>
          <a href={address({ dir: rtl ? null : "rtl" })}>{rtl ? "LTR" : "RTL"}</a>
        </div>
        <iframe title={title} src={address({ scene: shown, show: null })} />
      </main>
    </div>
  );
}
