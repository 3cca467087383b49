import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from "@mantine/core";

const mar: MantineColorsTuple = [
  "#e8f6f8",
  "#d3ebf0",
  "#a7d6df",
  "#77c0ce",
  "#4fabbd",
  "#2d98ad",
  "#168399",
  "#0f7488",
  "#0b6070",
  "#064a57",
];

const night: MantineColorsTuple = [
  "#e3e9ec",
  "#c3cdd3",
  "#9fadb7",
  "#75848f",
  "#46545e",
  "#2b363d",
  "#1a2228",
  "#12181c",
  "#0c1114",
  "#080c0e",
];

export const theme = createTheme({
  primaryColor: "mar",
  // White text on these shades has a contrast of at least 4.5 (WCAG 2.2, 1.4.3).
  primaryShade: { light: 7, dark: 7 },
  colors: { mar, dark: night },
  defaultRadius: "md",
  fontFamily: "var(--console-font)",
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  fontSizes: { xs: "0.75rem", sm: "0.875rem", md: "0.9375rem", lg: "1.0625rem", xl: "1.25rem" },
  headings: {
    fontWeight: "640",
    sizes: { h1: { fontSize: "1.375rem", lineHeight: "1.3" }, h2: { fontSize: "0.9375rem", lineHeight: "1.4" } },
  },
  respectReducedMotion: true,
  cursorType: "pointer",
});

/**
 * Colours by what they mean. Orange is for what wants attention and red for what is wrong, nothing else is; lines of
 * charts are teal and violet. Mantine's muted greys are below AA on our surfaces.
 */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-text": "#121a1f",
    "--mantine-color-dimmed": "#55636d",
    "--mantine-color-placeholder": "#66747e",
    "--mantine-color-error": "#b42323",
    "--mantine-color-anchor": "#0b6070",
    "--mantine-color-default-border": "#d5dde2",
    "--console-canvas": "#f5f7f8",
    "--console-surface": "#ffffff",
    "--console-raised": "#f0f4f5",
    "--console-border": "#e2e8eb",
    "--console-hover": "#f3f7f8",
    "--console-chosen": "#e4f2f5",
    "--console-shadow": "0 1px 2px rgb(16 32 40 / 5%)",
    "--console-good": "#1b5e2b",
    "--console-good-tint": "#e5f5e8",
    "--console-attention": "#8a3f00",
    "--console-attention-tint": "#fdf0e1",
    "--console-wrong": "#a31f1f",
    "--console-wrong-tint": "#fdeaea",
    "--console-in": "#0f7488",
    "--console-out": "#6a4fcf",
    "--console-p50": "#0f7488",
    "--console-p95": "#6a4fcf",
  },
  dark: {
    "--mantine-color-text": "#e3e9ec",
    "--mantine-color-dimmed": "#9fadb7",
    "--mantine-color-placeholder": "#8796a1",
    "--mantine-color-error": "#ff8f8f",
    "--mantine-color-anchor": "#77c0ce",
    "--mantine-color-body": "#12181c",
    "--mantine-color-default-border": "#303c44",
    "--console-canvas": "#0c1114",
    "--console-surface": "#12181c",
    "--console-raised": "#1a2228",
    "--console-border": "#242e35",
    "--console-hover": "#182026",
    "--console-chosen": "#16303a",
    "--console-shadow": "none",
    "--console-good": "#9be5aa",
    "--console-good-tint": "#13291a",
    "--console-attention": "#ffbe85",
    "--console-attention-tint": "#33220f",
    "--console-wrong": "#ffb0b0",
    "--console-wrong-tint": "#3a1a1a",
    "--console-in": "#4fc3d9",
    "--console-out": "#b0a2ff",
    "--console-p50": "#4fc3d9",
    "--console-p95": "#b0a2ff",
  },
});
