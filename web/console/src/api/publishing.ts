import { visibleText } from "../ui/visibleText.ts";
import type { PublishBody } from "./records.ts";

/** The same request as code, to be pasted. `key` stands for the publisher key; null in development. */
export function asCurl(address: string, body: PublishBody, key: string | null): string {
  const header = key === null ? "" : ` \\\n  -H 'Authorization: Bearer ${key}'`;
  return `curl -X POST ${address}/notify${header} \\\n  -d ${shellQuoted(json(body, 2))}`;
}

/** Any request for a terminal. */
export function curlOf(method: string, address: string, body: string | null, key: string | null): string {
  const parts = [
    `curl${method === "GET" ? "" : ` -X ${method}`} ${shellQuoted(address)}`,
    ...(key === null ? [] : [`-H 'Authorization: Bearer ${key}'`]),
    ...(body === null ? [] : ["-H 'Content-Type: application/json'", `-d ${shellQuoted(body)}`]),
  ];
  return parts.join(" \\\n  ");
}

export function asPython(address: string, body: PublishBody, key: string | null): string {
  const headers = key === null ? "" : `\n    headers={"Authorization": "Bearer ${key}"},`;
  return `import httpx\n\nreply = httpx.post(\n    "${address}/notify",${headers}\n    json=${pythonLiteral(body, 1)},\n)\nreply.raise_for_status()\nprint(reply.json())`;
}

export function asJavaScript(address: string, body: PublishBody, key: string | null): string {
  const authorization = key === null ? "" : `\n    Authorization: "Bearer ${key}",`;
  const literal = json(body, 2).replaceAll("\n", "\n  ");
  return `const reply = await fetch("${address}/notify", {\n  method: "POST",\n  headers: {${authorization}\n    "Content-Type": "application/json",\n  },\n  body: JSON.stringify(${literal}),\n});\nconsole.log(await reply.json());`;
}

/** JSON without a character that is not seen: what is pasted says what it looks like, and means the same. */
function json(value: unknown, indent = 0): string {
  return visibleText(JSON.stringify(value, null, indent));
}

/** One word of a POSIX shell: in single quotes nothing has a meaning but the quote itself. */
function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function pythonLiteral(value: unknown, depth: number): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return json(value);
  const indent = "    ".repeat(depth + 1);
  const end = "    ".repeat(depth);
  const isList = Array.isArray(value);
  const members = isList
    ? value.map((one) => pythonLiteral(one, depth + 1))
    : Object.entries(value).map(([name, one]) => `${json(name)}: ${pythonLiteral(one, depth + 1)}`);
  if (members.length === 0) return isList ? "[]" : "{}";
  const [left, right] = isList ? ["[", "]"] : ["{", "}"];
  return `${left}\n${indent}${members.join(`,\n${indent}`)},\n${end}${right}`;
}
