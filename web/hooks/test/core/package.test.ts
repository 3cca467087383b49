import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const HOOKS = resolve(import.meta.dirname, "../..");
const INSTALL_MS = 180_000;

// As one finds it in a project that Vite has just made, with the versions of this workspace.
const APP: Record<string, string> = {
  "index.html": '<!doctype html><div id="root"></div><script type="module" src="/src/main.tsx"></script>',
  "vite.config.js": 'import react from "@vitejs/plugin-react";\nexport default { plugins: [react()] };\n',
  "tsconfig.json": JSON.stringify({
    compilerOptions: {
      target: "ES2022",
      lib: ["ES2022", "DOM"],
      module: "ESNext",
      moduleResolution: "bundler",
      jsx: "react-jsx",
      strict: true,
      noEmit: true,
      types: ["vite/client"],
    },
    include: ["src"],
  }),
  // Projects made before 2023, and what Angular, Expo and Next.js begin with in places.
  "tsconfig.node.json": JSON.stringify({
    compilerOptions: {
      target: "ES2022",
      lib: ["ES2022", "DOM"],
      module: "ESNext",
      moduleResolution: "node",
      ignoreDeprecations: "6.0",
      strict: true,
      noEmit: true,
      types: [],
    },
    files: ["old/main.ts"],
  }),
  // What runs in Node itself, where a page is drawn on the server.
  "tsconfig.node16.json": JSON.stringify({
    compilerOptions: {
      target: "ES2022",
      lib: ["ES2022", "DOM"],
      module: "Node16",
      moduleResolution: "Node16",
      strict: true,
      noEmit: true,
      types: [],
    },
    files: ["old/main.ts"],
  }),
  "old/main.ts": `import { useNotifications, type Labels, type NotificationItem } from "@sio-server/react";
import { createNotifier, type Notifier } from "@sio-server/react/core";

const notifier: Notifier = createNotifier({ url: "https://avisos.example.com" });
const newest = (): NotificationItem | undefined => useNotifications().items[0];
const labels: Partial<Labels> = { fresh: (count: number) => \`\${count} new\` };
// @ts-expect-error -- it is typed, and not merely found
notifier.nonsense();
export { labels, newest };
`,
  "src/events.ts": `import "@sio-server/react";
interface Own { id: string; message: string; data: { precio: number } }
declare module "@sio-server/react" {
  interface Register { events: { oferta: Own } }
}
`,
  "src/main.tsx": `import { createRoot } from "react-dom/client";
import { NotificationBell, NotificationProvider, NotificationToaster, useNotificationEvent } from "@sio-server/react";
import "@sio-server/react/styles.css";
import "./events";

function Offers() {
  useNotificationEvent("oferta", ({ data }) => console.log(data.precio.toFixed(2)));
  // @ts-expect-error -- this application has registered its own event types, and this is none of them
  useNotificationEvent("reserva_creada", () => undefined);
  return <NotificationBell />;
}

createRoot(document.getElementById("root")!).render(
  <NotificationProvider url="https://avisos.example.com" user="ana" getToken={() => "token"}>
    <Offers />
    <NotificationToaster />
  </NotificationProvider>,
);
`,
};

describe("the package", () => {
  const place = mkdtempSync(join(tmpdir(), "sio-server-app-"));
  const run = (command: string, args: string[], cwd = place): string =>
    execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  const version = (name: string): string => {
    const path = resolve(HOOKS, "../node_modules", name, "package.json");
    return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
  };

  beforeAll(() => {
    rmSync(join(HOOKS, "dist"), { recursive: true, force: true }); // packing builds what is packed
    run("npm", ["pack", "--silent", "--ignore-scripts=false", "--pack-destination", place], HOOKS);
    const archive = readdirSync(place).find((name) => name.endsWith(".tgz"));
    const dependencies: Record<string, string> = { "@sio-server/react": `file:./${archive ?? ""}` };
    for (const name of [
      "react",
      "react-dom",
      "@types/react",
      "@types/react-dom",
      "@vitejs/plugin-react",
      "vite",
      "typescript",
    ]) {
      dependencies[name] = version(name);
    }
    for (const directory of ["src", "old"]) mkdirSync(join(place, directory));
    for (const [name, text] of Object.entries(APP)) writeFileSync(join(place, name), text);
    writeFileSync(join(place, "package.json"), JSON.stringify({ private: true, type: "module", dependencies }));
    // What this workspace has installed is in npm's cache already.
    run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]);
  }, INSTALL_MS);

  afterAll(() => {
    rmSync(place, { recursive: true, force: true });
  });

  it("holds the built modules, their types and the stylesheet, and no test", () => {
    const kit = join(place, "node_modules/@sio-server/react");
    const files = readdirSync(kit, { recursive: true, encoding: "utf8" });
    for (const file of ["dist/index.js", "dist/index.d.ts", "dist/core/index.js", "dist/styles.css", "package.json"]) {
      expect(files).toContain(file);
    }
    expect(files.filter((file) => /test|\.tgz$/.test(file))).toEqual([]);
    expect(readFileSync(join(kit, "dist/index.js"), "utf8")).toMatch(/^"use client";/);
  });

  it("is typed in an application that registers its own event types", () => {
    expect(run("npx", ["tsc", "-p", "."])).toBe("");
  });

  it.each(["tsconfig.node.json", "tsconfig.node16.json"])("is typed for other module resolutions: %s", (config) => {
    expect(run("npx", ["tsc", "-p", config])).toBe("");
  });

  it("has a stylesheet in one piece", () => {
    const styles = readFileSync(join(place, "node_modules/@sio-server/react/dist/styles.css"), "utf8");
    expect(styles).not.toContain('@import "./');
    expect(styles).toContain(".sio-item-title");
  });

  it("is built into an application, with the toasts apart", () => {
    run("npx", ["vite", "build", "--logLevel", "warn"]);
    const assets = readdirSync(join(place, "dist/assets"));
    expect(assets.filter((name) => /^Toasts.*\.js$/.test(name))).toHaveLength(1);
    expect(assets.filter((name) => name.endsWith(".css"))).toHaveLength(1);
  });

  it("is what the example is built with", () => {
    const example = join(place, "example");
    cpSync(resolve(HOOKS, "../../examples/tourism/web"), example, {
      recursive: true,
      filter: (path) => !/node_modules|dist|e2e|\.tgz$|package-lock/.test(path),
    });
    expect(run("npm", ["run", "--silent", "build", "--", "--logLevel", "warn"], example)).toBe("");
  });

  it("leaves out of an application what it does not use", () => {
    writeFileSync(
      join(place, "src/main.tsx"),
      'import { safeLink } from "@sio-server/react";\ndocument.title = String(safeLink("/"));\n',
    );
    run("npx", ["vite", "build", "--logLevel", "warn"]);
    const [script = "", ...rest] = readdirSync(join(place, "dist/assets")).filter((name) => name.endsWith(".js"));
    expect(rest).toEqual([]);
    expect(readFileSync(join(place, "dist/assets", script), "utf8").length).toBeLessThan(2_500);
  });
});
