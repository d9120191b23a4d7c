import { existsSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { build, type Plugin } from "rolldown";
import { gatherLimits } from "../src/cli/limits.ts";

// A CommonJS module whose types do not say so.
const license: (options: object) => Plugin = createRequire(import.meta.url)("rollup-plugin-license");

// Bundles the program into dist/: one entry, the parts that are loaded on demand, and the modules' workers.
// Usage: node scripts/build.ts [PACKAGE_FOLDER]; without one, the package is this checkout.
const root = join(import.meta.dirname, "..");
const target = process.argv[2] ?? root;
const dist = join(target, "dist");
rmSync(dist, { recursive: true, force: true });

const entries: Record<string, string> = { cli: join(root, "src/cli/entry.ts") };
for (const [name, path] of [
  ["wasm-worker", "src/backends/embedded/wasm/worker.ts"],
  ["spin-worker", "src/backends/embedded/wasm/spin/worker.ts"],
] as const) {
  const worker = join(root, path);
  if (existsSync(worker)) entries[name] = worker;
}

/** One character beyond Latin-1 would make the engine keep a whole file in two bytes per character. */
const plainText: Plugin = {
  name: "plain-text",
  generateBundle(_options, bundle) {
    for (const chunk of Object.values(bundle)) {
      if (chunk.type !== "chunk") continue;
      if (/\\[^\x00-\x7f]/.test(chunk.code)) throw new Error(`${chunk.fileName}: an escaped character is not ASCII`);
      chunk.code = chunk.code.replaceAll(
        /[^\x00-\x7f]/g,
        (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
      );
    }
  },
};

await build({
  input: entries,
  platform: "node",
  // Optional development tools of Ink and native accelerators of ws, which are never there.
  external: [/^node:/, "react-devtools-core", "bufferutil", "utf-8-validate"],
  plugins: [
    plainText,
    license({
      thirdParty: {
        includePrivate: false,
        output: { file: join(target, "THIRD-PARTY-LICENSES.txt") },
        allow: {
          test: "(MIT OR Apache-2.0 OR BSD-2-Clause OR BSD-3-Clause OR ISC OR 0BSD OR BlueOak-1.0.0 OR CC0-1.0 OR Python-2.0 OR Unlicense)",
          failOnViolation: true,
        },
      },
    }),
  ],
  transform: { define: { "process.env.NODE_ENV": JSON.stringify("production") } },
  output: {
    dir: dist,
    format: "esm",
    minify: true,
    entryFileNames: "[name].js",
    chunkFileNames: "chunks/[name]-[hash].js",
  },
});

writeFileSync(join(dist, "limits.json"), `${JSON.stringify(gatherLimits(join(root, "src")), undefined, 1)}\n`);
