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
  "#dfe6ea",
  "#c0cbd2",
  "#9fadb7",
  "#75848f",
  "#46545e",
  "#2d3941",
  "#1c252b",
  "#141b20",
  "#0f1519",
  "#0a0f12",
];

export const theme = createTheme({
  primaryColor: "mar",
  // White text on these shades has a contrast of at least 4.5 (WCAG 2.2, 1.4.3).
  primaryShade: { light: 7, dark: 7 },
  colors: { mar, dark: night },
  defaultRadius: "md",
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  headings: {
    fontWeight: "650",
    sizes: { h1: { fontSize: "1.5rem", lineHeight: "1.3" }, h2: { fontSize: "1rem", lineHeight: "1.4" } },
  },
  respectReducedMotion: true,
  cursorType: "pointer",
});

/** Mantine's muted greys are below AA on our surfaces. */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-dimmed": "#55636d",
    "--mantine-color-placeholder": "#66747e",
    "--mantine-color-error": "#c02b2b",
    "--mantine-color-anchor": "#0b6070",
    "--console-canvas": "#f4f7f8",
    "--console-surface": "#ffffff",
    "--console-border": "#dfe6ea",
    "--console-in": "#0f7488",
    "--console-out": "#b4570a",
    "--console-p50": "#5b5bd6",
    "--console-p95": "#b4570a",
  },
  dark: {
    "--mantine-color-dimmed": "#9fadb7",
    "--mantine-color-placeholder": "#8796a1",
    "--mantine-color-error": "#ff8f8f",
    "--mantine-color-anchor": "#77c0ce",
    "--console-canvas": "#0f1519",
    "--console-surface": "#161e24",
    "--console-border": "#2a353d",
    "--console-in": "#4fc3d9",
    "--console-out": "#f0a35e",
    "--console-p50": "#a5a5ff",
    "--console-p95": "#f0a35e",
  },
});
