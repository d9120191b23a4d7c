import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { posixRegex, RegexError } from "../../../../src/backends/embedded/machine/programs/coreutils/support/regex.ts";
import { packTar, readTar } from "../../../../src/backends/embedded/machine/programs/coreutils/support/tar-format.ts";
import type { TarEntry } from "../../../../src/backends/embedded/machine/programs/coreutils/support/tar-format.ts";
import { decodeText, encodeText } from "../../../../src/backends/embedded/machine/programs/coreutils/support/text.ts";
import { isInstalled, runOurs } from "./compare.ts";

// One seed for all runs, so that a comparison does not fail on some other day.
fc.configureGlobal({ seed: Number(process.env["PROPERTY_SEED"] ?? 20_240_228) });

const environment = { PATH: process.env["PATH"] ?? "", LC_ALL: "C.UTF-8" };

const real = (argv: readonly string[], input: string | Uint8Array): { stdout: string; status: number } => {
  const [command = "", ...args] = argv;
  const result = spawnSync(command, args, { input, env: environment });
  return { stdout: result.stdout.toString("latin1"), status: result.status ?? 128 };
};

const same = async (argv: readonly string[], input: string | Uint8Array): Promise<void> => {
  const ours = await runOurs(argv, {}, input);
  expect({ argv, stdout: ours.stdout, status: ours.status }).toEqual({ argv, ...real(argv, input) });
};

const letters = fc.string({ unit: fc.constantFrom("a", "b", "c", " ", "1", "."), maxLength: 8 });
const line = fc.string({
  unit: fc.constantFrom("a", "b", "c", "d", " ", "\t", "0", "7", "-", ".", ":", "é"),
  maxLength: 14,
});
const text = fc.array(line, { maxLength: 12 }).map((lines) => lines.map((one) => `${one}\n`).join(""));

const atom = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("a", "b", "c", ".", "[ab]", "[^a]", "[[:digit:]]", "[a-c]", "1") },
  { weight: 1, arbitrary: fc.constantFrom("(a|ab)", "(b|bc)", "(ab)", "(a*)", "(c|)") },
);
const piece = fc.tuple(atom, fc.constantFrom("", "", "", "*", "+", "?", "{2}", "{1,2}")).map((parts) => parts.join(""));
const extended = fc
  .tuple(fc.constantFrom("", "", "^"), fc.array(piece, { minLength: 1, maxLength: 4 }), fc.constantFrom("", "", "$"))
  .map(([head, body, tail]) => head + body.join("") + tail);

const runs = { numRuns: 40 };

describe.skipIf(!isInstalled("grep"))("regular expressions", () => {
  test("grep -E selects and cuts out what the real one does", async () => {
    await fc.assert(
      fc.asyncProperty(extended, fc.array(letters, { minLength: 1, maxLength: 8 }), async (pattern, lines) => {
        const input = lines.map((one) => `${one}\n`).join("");
        await same(["grep", "-nE", "-e", pattern], input);
        await same(["grep", "-oE", "-e", pattern], input);
      }),
      runs,
    );
  });

  test("sed -E s///g replaces what the real one does", async () => {
    await fc.assert(
      fc.asyncProperty(
        extended,
        fc.array(letters, { minLength: 1, maxLength: 8 }),
        fc.constantFrom("g", "", "2", "2g"),
        async (pattern, lines, flags) => {
          await same(["sed", "-E", `s/${pattern}/<&>/${flags}`], lines.map((one) => `${one}\n`).join(""));
        },
      ),
      runs,
    );
  });

  test("any text is either a pattern or refused with a RegexError", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.boolean(), fc.string(), (pattern, isExtended, subject) => {
        try {
          posixRegex(pattern, { extended: isExtended }).exec(subject);
        } catch (error) {
          expect(error).toBeInstanceOf(RegexError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("lines", () => {
  test("sort orders as the real one", async () => {
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.subarray(["-n", "-r", "-u", "-f", "-b", "-s", "-k2", "-k1.2,1.3", "-t:"]),
        async (input, flags) => same(["sort", ...flags], input),
      ),
      runs,
    );
  });

  test("cut takes what the real one takes", async () => {
    const range = fc.oneof(
      fc.nat(6).map((at) => `${at + 1}`),
      fc.nat(4).map((at) => `${at + 1}-`),
      fc.nat(6).map((at) => `-${at + 1}`),
      fc.tuple(fc.nat(4), fc.nat(4)).map(([a, b]) => `${a + 1}-${a + b + 1}`),
    );
    const list = fc.array(range, { minLength: 1, maxLength: 3 }).map((ranges) => ranges.join(","));
    await fc.assert(
      fc.asyncProperty(
        text,
        list,
        fc.constantFrom(["-f"], ["-d:", "-f"], ["-c"], ["-b"], ["-s", "-d ", "-f"], ["--complement", "-c"]),
        async (input, ranges, flags) => {
          await same(["cut", ...flags.slice(0, -1), `${flags.at(-1) ?? ""}${ranges}`], input);
        },
      ),
      runs,
    );
  });

  test("tr translates as the real one", async () => {
    const set = fc.constantFrom("a-c", "abc", "[:digit:]", "[:lower:]", "a-b0-7", "\\t ", "a", "é", ".:-");
    await fc.assert(
      fc.asyncProperty(text, set, set, fc.constantFrom("", "-s", "-c", "-d", "-cs"), async (input, from, to, flag) => {
        await same(["tr", ...(flag === "" ? [] : [flag]), from, ...(flag === "-d" ? [] : [to])], input);
      }),
      runs,
    );
  });

  test("uniq, nl, tac, fold and wc agree with the real ones", async () => {
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.constantFrom(
          ["uniq", "-c"],
          ["nl"],
          ["tac"],
          ["fold", "-w5"],
          ["wc"],
          ["rev"],
          ["head", "-n3"],
          ["tail", "-n2"],
          ["paste", "-s"],
          ["od", "-c"],
          ["xxd"],
        ),
        async (input, argv) => same(argv, input),
      ),
      runs,
    );
  });

  test("awk counts, sums and splits as the real one", async () => {
    const program = fc.constantFrom(
      "{print NF, $1, $NF}",
      "{s+=$1} END{print s+0}",
      '{$2="x"; print}',
      "-F:{print $2}",
      '{gsub(/a+/,"<&>"); print}',
      "$1 > 5",
      "/a.*b/{print NR}",
      '{printf "%s|%d|%.2f\\n", $1, $1, $1}',
      '{print length, substr($0,2,3), index($0,"b")}',
    );
    await fc.assert(
      fc.asyncProperty(text, program, async (input, source) =>
        same(source.startsWith("-F:") ? ["awk", "-F:", source.slice(3)] : ["awk", source], input),
      ),
      runs,
    );
  });

  test("diff finds changes that patch applies", async () => {
    await fc.assert(
      fc.asyncProperty(text, text, async (a, b) => {
        const made = await runOurs(["diff", "-u", "a", "b"], { a: a || "\n", b: b || "\n" }, "");
        if (made.status === 0) return;
        const patched = await runOurs(["patch", "-s", "a"], { a: a || "\n" }, Buffer.from(made.stdout, "latin1"));
        expect(patched.tree["a"]).toBe(`644 ${Buffer.from(b || "\n").toString("latin1")}`);
      }),
      runs,
    );
  });
});

describe("bytes", () => {
  test("text keeps every byte", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(encodeText(decodeText(bytes))).toEqual(new Uint8Array(bytes));
      }),
    );
  });

  test("base64, cat, gzip and tee keep every byte", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const expected = Buffer.from(bytes).toString("latin1");
        await same(["base64"], bytes);
        const encoded = (await runOurs(["base64"], {}, bytes)).stdout;
        expect((await runOurs(["base64", "-d"], {}, encoded)).stdout).toBe(expected);
        expect((await runOurs(["cat"], {}, bytes)).stdout).toBe(expected);
        const packed = (await runOurs(["gzip", "-c"], {}, bytes)).stdout;
        expect((await runOurs(["gunzip"], {}, Buffer.from(packed, "latin1"))).stdout).toBe(expected);
        expect((await runOurs(["sed", "-n", "p"], {}, bytes)).stdout).toBe(expected);
      }),
      { numRuns: 25 },
    );
  });
});

const entry = fc.record({
  name: fc
    .array(fc.string({ unit: fc.constantFrom("a", "b", "é", "-", "x"), minLength: 1, maxLength: 40 }), {
      minLength: 1,
      maxLength: 5,
    })
    .map((parts) => parts.join("/")),
  mode: fc.constantFrom(0o644, 0o755, 0o600, 0o4755),
  data: fc.uint8Array({ maxLength: 1200 }),
});

const archive = fc.uniqueArray(entry, { maxLength: 5, selector: ({ name }) => name }).map((entries) =>
  entries.map((one, index): TarEntry => ({
    ...one,
    name: `${index}${one.name}`,
    data: new Uint8Array(one.data),
    type: "file",
    uid: 0,
    gid: 0,
    mtime: 1_700_000_000,
    user: "root",
    group: "root",
    link: "",
  })),
);

describe("tar", () => {
  test("reads what it wrote", () => {
    fc.assert(
      fc.property(archive, (entries) => {
        expect(readTar(packTar(entries))).toEqual({ entries, damaged: "no" });
      }),
    );
  });

  test("any bytes are read without an exception", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
        expect(readTar(bytes).entries.length).toBeLessThan(10);
      }),
    );
  });

  test.skipIf(!isInstalled("tar"))("exchanges archives with the real one", () => {
    const folder = mkdtempSync(join(tmpdir(), "tar-"));
    try {
      fc.assert(
        fc.property(archive, (entries) => {
          const file = join(folder, "a.tar");
          writeFileSync(file, packTar(entries));
          const listed = execFileSync("tar", ["tf", file, "--quoting-style=literal"], { env: environment }).toString();
          expect(listed).toBe(entries.map(({ name }) => `${name}\n`).join(""));
          rmSync(join(folder, "out"), { recursive: true, force: true });
          execFileSync(
            "sh",
            [
              "-c",
              `mkdir out && tar xf a.tar --no-same-owner -C out && tar --format=gnu -cf b.tar -C out . && tar --format=pax -cf c.tar -C out .`,
            ],
            { cwd: folder, env: environment },
          );
          for (const name of ["b.tar", "c.tar"]) {
            const found = readTar(new Uint8Array(readFileSync(join(folder, name)))).entries.filter(
              ({ type }) => type === "file",
            );
            const contents = new Map(
              found.map((one) => [one.name.replace(/^\.\//, ""), Buffer.from(one.data).toString("hex")]),
            );
            for (const { name: path, data } of entries)
              expect(contents.get(path)).toBe(Buffer.from(data).toString("hex"));
          }
        }),
        { numRuns: 15 },
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
