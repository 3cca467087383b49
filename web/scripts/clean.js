// Removes the directories that are named, each inside the package whose script this is.
import { rmSync } from "node:fs";

for (const name of process.argv.slice(2)) rmSync(name, { recursive: true, force: true });
