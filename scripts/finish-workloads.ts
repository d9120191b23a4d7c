import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeReplaceable, withGreeting } from "../src/backends/embedded/wasm/greeting.ts";

// The last part of build-workloads.sh: makes the greeting of the built server replaceable and records the digests.

const workloads = fileURLToPath(new URL("../labs/workloads", import.meta.url));
const greeting = "Hello HAW!! from WasmEdge App";
// Longer than what the compiler copies with single loads and stores, so that the text stays one piece of data.
const placeholder = greeting.padEnd(509, "~");

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

function usePlaceholder(path: string): void {
  const source = readFileSync(path, "utf8");
  if (source.split(greeting).length !== 2) throw new Error(`${path}: the greeting does not stand there exactly once`);
  writeFileSync(path, source.replace(greeting, placeholder));
}

function finish(name: string, folder: string, rustc: string, linker: string): void {
  const output = `${name.replaceAll("-", "_")}.wasm`;
  const built = readFileSync(join(folder, output));
  const replaceable = name === "http-server" ? makeReplaceable(built, placeholder) : undefined;
  const module = replaceable ? withGreeting(replaceable.bytes, replaceable.slots, greeting) : built;
  const home = join(workloads, name);
  writeFileSync(join(home, output), module);
  const digests = Object.fromEntries(
    ["Cargo.toml", "Cargo.lock", "src/main.rs", output].map((file) => [file, sha256(readFileSync(join(home, file)))]),
  );
  const artefact = {
    target: "wasm32-wasip1",
    toolchain: { rustc, linker },
    sha256: digests,
    ...(replaceable ? { greeting: { text: greeting, ...replaceable.slots } } : {}),
  };
  writeFileSync(join(home, "artefact.json"), `${JSON.stringify(artefact, undefined, 2)}\n`);
}

const [action, first = "", second = "", rustc = "", linker = ""] = process.argv.slice(2);
if (action === "placeholder") usePlaceholder(first);
else if (action === "finish") finish(first, second, rustc, linker);
else throw new Error(`finish-workloads: unknown action ${action ?? ""}`);
