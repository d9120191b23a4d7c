// Writes the pins of labs/shared/setup.sh anew from vm-images/catalog.yaml: `node scripts/setup-pins.ts`.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readCatalog } from "../src/recipes/catalog.ts";
import { withPins } from "../src/recipes/pins.ts";

const root = join(import.meta.dirname, "..");
const path = join(root, "labs", "shared", "setup.sh");
const before = readFileSync(path, "utf8");
const after = withPins(before, readCatalog(join(root, "vm-images")));
writeFileSync(path, after);
console.log(after === before ? "the pins are as the catalogue has them" : "the pins follow the catalogue now");
