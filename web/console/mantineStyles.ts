import type { Plugin } from "vite";

// Where a component keeps the names of its classes: `…/Switch/Switch.module.mjs`, in other versions `.module.css.mjs`.
const CLASSES = /\/@mantine\/core\/.*\/(\w+)\.module(?:\.css)?\.mjs$/;

/** The components of Mantine with styles of their own among these modules. */
export function styledComponents(modules: Iterable<string>): string[] {
  return [...new Set([...modules].flatMap((id) => CLASSES.exec(id.split("?", 1)[0] ?? "")?.[1] ?? []))];
}

/**
 * Mantine's styles are imported one by one, and a component without them is not found by any test: the build fails where
 * one is missing, and where none is seen at all, as then it is this check that is broken.
 */
export function mantineStyles(imported: string): Plugin {
  return {
    name: "mantine-styles",
    generateBundle(_, bundle) {
      const modules = Object.values(bundle).flatMap((part) => (part.type === "chunk" ? part.moduleIds : []));
      const components = styledComponents(modules);
      if (components.length === 0) this.error("no component of Mantine was seen among the modules of the bundle");
      const missing = components.filter((name) => !imported.includes(`/styles/${name}.css"`));
      if (missing.length > 0) this.error(`src/mantine.css does not import the styles of ${missing.join(", ")}`);
    },
  };
}
