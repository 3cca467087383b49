import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
// Before the components, whose own styles come after the library's.
import "./fonts.css";
import "./mantine.css";
import "./styles.css";
import "./sections.css";
import "./badges.css";
import { App } from "./App.tsx";
import { startLanguages } from "./i18n/index.ts";
import { startDensity } from "./shell/density.ts";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");

startDensity();
void startLanguages().then(() => {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
});
