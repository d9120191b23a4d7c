import { main } from "./main.ts";

// A reader that goes away (`| head`) is no error of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

process.exitCode = await main(process.argv.slice(2));
// Worker threads and sockets of a command that failed half-way must not keep the process alive.
process.stdout.write("", () => process.exit());
