import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App.tsx";
import { startLanguages } from "./i18n/index.ts";
import "./mantine.css";
import "./styles.css";
import "./sections.css";
import "./badges.css";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");

void startLanguages().then(() => {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
});
