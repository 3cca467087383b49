import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// `npm run dev` serves the pages; the backend is another process, which the browser takes for the same.
export default defineConfig({
  plugins: [react()],
  server: { proxy: { "/api": "http://127.0.0.1:8000" } },
});
