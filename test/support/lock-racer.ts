import { appendFileSync } from "node:fs";
import { LabError } from "../../src/domain/errors.ts";
import { takeLock } from "../../src/cli/lock.ts";

// Takes the lock named by the first argument as soon as the given moment has come, notes that, and lets go when told.
const [path = "", journal = "", moment = "0"] = process.argv.slice(2);
while (Date.now() < Number(moment));
try {
  const release = takeLock(path, "up", Date.now());
  appendFileSync(journal, "held\n");
  process.stdout.write("held\n");
  process.stdin.once("data", () => {
    release();
    process.exit(0);
  });
} catch (error) {
  if (!(error instanceof LabError)) throw error;
  process.stdout.write(`refused: ${error.message}\n`);
}
