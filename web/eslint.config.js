import js from "@eslint/js";
import jsxA11y from "eslint-plugin-jsx-a11y";
import reactHooks from "eslint-plugin-react-hooks";
import { defineConfig } from "eslint/config";
import globals from "globals";
import tseslint from "typescript-eslint";

export default defineConfig(
  { ignores: ["**/dist/**", "**/node_modules/**", "**/*.gen.ts", "**/test-results/**", "**/playwright-report/**"] },
  js.configs.recommended,
  {
    files: ["**/*.{ts,tsx}"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      globals: globals.browser,
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      "max-lines": ["error", 400], // what is longer is about more than one thing
      "@typescript-eslint/consistent-type-definitions": ["error", "interface"],
      // A handler in JSX may well return a promise: nobody waits for it either way.
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { attributes: false } }],
      // `return done()` where both return nothing says "and that is all".
      "@typescript-eslint/no-confusing-void-expression": [
        "error",
        { ignoreArrowShorthand: true, ignoreVoidOperator: true, ignoreVoidReturningFunctions: true },
      ],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
    },
  },
  {
    files: ["**/*.tsx"],
    extends: [reactHooks.configs.flat["recommended-latest"], jsxA11y.flatConfigs.strict],
  },
  {
    // The core knows nothing of React, so that it is usable and tested without.
    files: ["hooks/src/core/**"],
    rules: {
      "no-restricted-imports": ["error", { patterns: ["react", "react/*", "react-dom", "react-dom/*", "../react/*"] }],
    },
  },
  {
    // It lives in pages of others: a timer whose delay is none, or none that a browser can count, fires again and again.
    files: ["hooks/src/**"],
    ignores: ["hooks/src/core/timers.ts"],
    rules: {
      "no-restricted-globals": [
        "error",
        ...["setTimeout", "setInterval"].map((name) => ({ name, message: "Use timers.ts, which holds the delay." })),
      ],
    },
  },
  {
    files: ["**/test/**"],
    rules: {
      // Tests look into components from outside.
      "react-hooks/globals": "off",
      "react-hooks/immutability": "off",
    },
  },
  {
    files: ["**/*.{js,mjs}"],
    languageOptions: { globals: globals.node },
  },
);
