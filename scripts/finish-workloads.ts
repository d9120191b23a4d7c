import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeReplaceable, withGreeting } from "../src/backends/embedded/wasm/greeting.ts";

// The last part of build-workloads.sh: makes the greeting of the built servers replaceable and records the digests.

const root = fileURLToPath(new URL("..", import.meta.url));

/** Greetings that the lab's cargo can replace, by the package's folder. */
const greetings: Readonly<Record<string, string>> = {
  "labs/workloads/http-server": "Hello HAW!! from WasmEdge App",
  "labs/workloads/spin-http-server/thesis": "Hello HAW!! from Fermyon Spin App",
  "labs/workloads/spin-http-server/current": "Hello HAW!! from Fermyon Spin App",
};

// Longer than what the compiler copies with single loads and stores, so that the text stays one piece of data.
const placeholderOf = (greeting: string): string => greeting.padEnd(509, "~");

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

function usePlaceholder(folder: string, sources: string): void {
  const greeting = greetings[folder];
  if (greeting === undefined) return;
  const found = readdirSync(sources).filter((name) => readFileSync(join(sources, name), "utf8").includes(greeting));
  const [file = ""] = found;
  const source = found.length === 1 ? readFileSync(join(sources, file), "utf8") : "";
  if (source.split(greeting).length !== 2) throw new Error(`${folder}: the greeting does not stand there exactly once`);
  writeFileSync(join(sources, file), source.replace(greeting, placeholderOf(greeting)));
}

function finish(folder: string, built: string, rustc: string, linker: string): void {
  const home = join(root, folder);
  const name = /^name = "(.*)"$/m.exec(readFileSync(join(home, "Cargo.toml"), "utf8"))?.[1] ?? "";
  const output = `${name}.wasm`;
  const bytes = readFileSync(join(built, output));
  const greeting = greetings[folder];
  const replaceable = greeting === undefined ? undefined : makeReplaceable(bytes, placeholderOf(greeting));
  const module = replaceable ? withGreeting(replaceable.bytes, replaceable.slots, greeting ?? "") : bytes;
  writeFileSync(join(home, output), module);
  const candidates = ["src/main.rs", "src/lib.rs", "../src/lib.rs"];
  const sources = candidates.filter((path) => existsSync(join(home, path))).slice(0, 1);
  const digests = Object.fromEntries(
    ["Cargo.toml", "Cargo.lock", ...sources, output].map((file) => [file, sha256(readFileSync(join(home, file)))]),
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
if (action === "placeholder") usePlaceholder(first, second);
else if (action === "finish") finish(first, second, rustc, linker);
else throw new Error(`finish-workloads: unknown action ${action ?? ""}`);
