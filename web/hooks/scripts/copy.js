// What the compiler leaves where it is: the stylesheet.
import { copyFileSync } from "node:fs";

copyFileSync("src/styles.css", "dist/styles.css");
