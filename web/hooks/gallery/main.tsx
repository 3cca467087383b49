/**
 * Every state of the components: `npm run gallery`. The address says what is shown: `?scene=inbox` one by itself, without
 * it all of them in a page; `lang=en`, `theme=dark`, `dir=rtl`.
 */
import "../src/styles.css";
import "./page.css";
import { type ReactNode, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Index } from "./Index.tsx";
import type { Language } from "./samples.ts";
import { SCENES } from "./scenes.tsx";

interface Props {
  query: URLSearchParams;
  language: Language;
}

function Shown({ query, language }: Props): ReactNode {
  const scene = SCENES.find(({ name }) => name === query.get("scene"));
  if (!scene) return <Index scenes={SCENES} language={language} query={query} />;
  return (
    <main className="scene" data-scene={scene.name}>
      <h1>{scene.title[language]}</h1>
      {scene.render(language)}
    </main>
  );
}

const place = document.getElementById("root");
const root = place && createRoot(place);

/** Shows what the address says, with nothing left of what was there before. */
function show(): void {
  const query = new URLSearchParams(location.search);
  const language: Language = query.get("lang") === "en" ? "en" : "es";
  const theme = query.get("theme");
  const page = document.documentElement;
  page.lang = language;
  page.dir = query.get("dir") === "rtl" ? "rtl" : "ltr";
  if (theme) page.dataset.theme = theme;
  else delete page.dataset.theme;
  root?.render(
    <StrictMode key={location.search}>
      <Shown query={query} language={language} />
    </StrictMode>,
  );
}

addEventListener("popstate", show);
show();
