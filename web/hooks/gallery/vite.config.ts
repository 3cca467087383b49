import react from "@vitejs/plugin-react";
import { defaultClientConditions, defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  base: "./",
  resolve: { conditions: ["@sio-server/source", ...defaultClientConditions] },
  // The first that know light-dark(), which this page is written with; the kit is not.
  build: { outDir: "dist", emptyOutDir: true, cssTarget: ["chrome123", "firefox120", "safari17.5"] },
});
