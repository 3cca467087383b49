import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { asCurl, asJavaScript, asPython } from "../src/api/publishing.ts";

const body = {
  type: "test",
  message: `it's "quoted" $(echo run) \`run\` \\ ñ`,
  data: { lista: [1, true, null], vacio: {}, anidado: { a: "b" } },
};
const ADDRESS = "http://127.0.0.1:8080";

test("a shell takes the curl line as it is meant, whatever the texts hold", () => {
  const line = asCurl(ADDRESS, body, "CLAVE").replace(/^curl/, `printf '%s\\0'`);
  const words = execFileSync("sh", ["-c", line], { encoding: "utf8" }).split("\0");

  expect(words.slice(0, 5)).toEqual(["-X", "POST", `${ADDRESS}/notify`, "-H", "Authorization: Bearer CLAVE"]);
  expect(JSON.parse(words[6] ?? "")).toEqual(body);
});

test("the Python says the same", () => {
  const program = asPython(ADDRESS, body, null).replace(
    "import httpx",
    "import json\nclass httpx:\n    post = lambda address, json: Reply(address, json)\nclass Reply:\n    def __init__(self, address, body): self.body = body\n    def raise_for_status(self): pass\n    def json(self): return json.dumps(self.body)",
  );
  const printed = execFileSync("python3", ["-c", program], { encoding: "utf8" });

  expect(JSON.parse(printed)).toEqual(body);
});

test("the JavaScript says the same", async () => {
  const sent: unknown[] = [];
  const program = asJavaScript(ADDRESS, body, "CLAVE")
    .replaceAll("await ", "")
    .replace(/console\.log.*/, "");
  // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- it is the program that is tested
  new Function("fetch", program)((address: string, request: { body: string; headers: object }) =>
    sent.push(address, request.headers, JSON.parse(request.body)),
  );

  expect(sent).toEqual([
    `${ADDRESS}/notify`,
    { Authorization: "Bearer CLAVE", "Content-Type": "application/json" },
    body,
  ]);
  await Promise.resolve();
});
