import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { es } from "./es.ts";

export const LANGUAGES = ["es", "en"] as const;
export type Language = (typeof LANGUAGES)[number];

const KEY = "sio-server:language";

function initial(): Language {
  const wanted = [stored(), ...navigator.languages].map((tag) => tag?.slice(0, 2).toLowerCase());
  return wanted.find((tag): tag is Language => tag === "es" || tag === "en") ?? "es";
}

function stored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // a browser that keeps nothing for this site
  }
}

/** Most people need one language: the other is loaded when it is chosen. */
async function load(wanted: Language): Promise<void> {
  if (i18next.hasResourceBundle(wanted, "translation")) return;
  const { en } = await import("./en.ts");
  i18next.addResourceBundle(wanted, "translation", en);
}

export async function startLanguages(): Promise<void> {
  i18next.on("languageChanged", (language) => {
    document.documentElement.lang = language;
  });
  await i18next.use(initReactI18next).init({
    lng: "es",
    fallbackLng: "es",
    resources: { es: { translation: es } },
    interpolation: { escapeValue: false }, // React escapes
  });
  const wanted = initial();
  await load(wanted);
  await i18next.changeLanguage(wanted);
}

export function language(): Language {
  return i18next.language === "en" ? "en" : "es";
}

export async function chooseLanguage(next: Language): Promise<void> {
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // The choice lasts until the tab is closed.
  }
  await load(next);
  await i18next.changeLanguage(next);
}
