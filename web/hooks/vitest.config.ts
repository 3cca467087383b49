import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const react18 = (name: string): string => here(`../react-18/node_modules/${name}`);

// No test may hang a run. It is a net and no measure: the slowest builds an application, on whatever machine this is.
const testTimeout = 300_000;

const page = {
  environment: "happy-dom",
  environmentOptions: {
    happyDOM: {
      url: "http://localhost:3000/",
      // It has no CORS of its own worth the name; the server's is tested with browsers.
      settings: { fetch: { disableSameOriginPolicy: true } },
    },
  },
  include: ["test/react/**/*.test.{tsx,jsx}"],
  testTimeout,
  hookTimeout: testTimeout,
};

export default defineConfig({
  test: {
    globalSetup: "../console/e2e/forks.ts",
    // Each file has a server of its own, and waits for it and for time to pass more than it works: two cores have room for five.
    maxWorkers: 5,
    projects: [
      // What needs no page: the core, and what the components have worked out elsewhere.
      {
        test: {
          name: "core",
          include: ["test/core/**/*.test.ts", "test/react/**/*.test.ts"],
          testTimeout,
          hookTimeout: testTimeout,
        },
      },
      { test: { ...page, name: "react-19", setupFiles: ["test/page.ts"], env: { REACT_MAJOR: "19" } } },
      {
        resolve: {
          alias: [
            { find: /^react(\/|$)/, replacement: `${react18("react")}$1` },
            { find: /^react-dom(\/|$)/, replacement: `${react18("react-dom")}$1` },
          ],
        },
        test: {
          ...page,
          name: "react-18",
          setupFiles: ["test/react18.ts", "test/page.ts"],
          env: { REACT_18: here("../react-18/node_modules"), REACT_MAJOR: "18" },
          // Of what is not bundled, these are ES modules and take React from where they lie.
          server: { deps: { inline: ["sonner", "react-toastify"] } },
        },
      },
    ],
  },
});
