import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { styledComponents } from "../mantineStyles.ts";

const core = dirname(fileURLToPath(import.meta.resolve("@mantine/core/styles.css")));
const modules = readdirSync(join(core, "esm"), { recursive: true, encoding: "utf8" }).map((name) =>
  join(core, "esm", name),
);

test("components are seen in the modules of the version that is installed", () => {
  const seen = styledComponents(modules);

  expect(seen).toEqual(expect.arrayContaining(["Button", "InlineInput", "Switch", "Text"]));
  expect(seen.length).toBeGreaterThan(60);
  expect(seen.filter((name) => !existsSync(join(core, "styles", `${name}.css`)))).toEqual([]);
});

test("nothing else is taken for one, and each is named once", () => {
  const name = (id: string) => styledComponents([id]);

  expect(name("/x/node_modules/@mantine/core/esm/components/Switch/Switch.mjs")).toEqual([]);
  expect(name("/x/node_modules/@mantine/notifications/esm/Notifications.module.mjs")).toEqual([]);
  expect(name("/x/src/ui/Switch.module.css.mjs")).toEqual([]);
  expect(name("/x/node_modules/@mantine/core/esm/a/Switch.module.css.mjs?v=1")).toEqual(["Switch"]);
  expect(styledComponents([...modules, ...modules])).toEqual(styledComponents(modules));
});
