// Reads PowerShell scripts as PowerShell would, and prints a line for each place that is none: for machines without it.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { setFlagsFromString } from "node:v8";
import { Language, Parser } from "web-tree-sitter";

const grammar = createRequire(import.meta.url).resolve("tree-sitter-powershell/tree-sitter-powershell.wasm");
setFlagsFromString("--liftoff-only"); // to compile the grammar well costs a hundred times what reading a script does
await Parser.init();
const parser = new Parser();
parser.setLanguage(await Language.load(readFileSync(grammar)));
let wrong = 0;

function look(path, node) {
  if (node.isError || node.isMissing) {
    wrong += 1;
    console.log(`${path}:${node.startPosition.row + 1}: ${node.isMissing ? `${node.type} is missing` : node.text}`);
  } else if (node.hasError) for (const child of node.children) look(path, child);
}

for (const path of process.argv.slice(2)) look(path, parser.parse(readFileSync(path, "utf8")).rootNode);
process.exitCode = wrong ? 1 : 0;
