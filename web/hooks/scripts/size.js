// How much of a page's download is the kit: bundled and minified as an application would, gzip. Fails over the budget.
import { gzipSync } from "node:zlib";
import { build } from "vite";

const KIT = "\0kit";
const OUTSIDE = { core: ["socket.io-client"], all: ["socket.io-client", "sonner", /^react/] };
const BUDGETS = [
  // What an application needs of the core; the parser and transports of socket.io-client come on top. A third of it is
  // there so that it never hurts the page that it is in: an end for all that is waited for, a way around what is refused,
  // swallowed or blocked, and words for the developer who has to mend it.
  {
    name: "core",
    code: 'export { createNotifier } from "@sio-server/react/core"',
    external: OUTSIDE.core,
    budget: 12_500,
  },
  {
    name: "hooks",
    code: 'export { NotificationProvider, useNotifications, useUnreadCount } from "@sio-server/react"',
    external: OUTSIDE.all,
    budget: 14_000,
  },
  // The components with their texts in two languages, their icons, groups, pictures and answers, and the panel's place in
  // the window.
  {
    name: "the bell",
    code: 'export { NotificationProvider, NotificationBell } from "@sio-server/react"',
    external: OUTSIDE.all,
    budget: 27_000,
  },
  { name: "everything", code: 'export * from "@sio-server/react"', external: OUTSIDE.all, budget: 33_000 },
  {
    name: "the core with socket.io-client",
    code: 'export { createNotifier } from "@sio-server/react/core"',
    external: [],
    budget: 25_500,
  },
];

let over = false;
for (const { name, code: source, external, budget } of BUDGETS) {
  const { output } = await build({
    configFile: false,
    logLevel: "error",
    root: import.meta.dirname,
    resolve: { conditions: ["@sio-server/source", "module", "browser", "import", "default"] },
    plugins: [
      {
        name: "kit",
        resolveId: (id) => (id === KIT ? id : undefined),
        load: (id) => (id === KIT ? source : undefined),
      },
    ],
    build: {
      write: false,
      minify: true,
      target: "es2022",
      rollupOptions: { input: KIT, external, preserveEntrySignatures: "strict", output: { format: "es" } },
    },
  });
  const code = output.flatMap((part) => (part.type === "chunk" ? [part.code] : []));
  const size = gzipSync(code.join("\n"), { level: 9 }).length;
  over ||= size > budget;
  console.log(`${name}: ${size} bytes of ${budget}${size > budget ? ": over the budget" : ""}`);
}
process.exit(over ? 1 : 0);
