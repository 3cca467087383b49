// What the compiler leaves where it is: the stylesheet, whose parts become one file.
import { readFileSync, writeFileSync } from "node:fs";

const source = readFileSync("src/styles.css", "utf8");
const whole = source.replace(/^@import "(\.\/[^"]+)";$/gm, (_, path) => readFileSync(`src/${path}`, "utf8"));
writeFileSync("dist/styles.css", whole);
