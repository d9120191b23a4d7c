import { createHash } from "node:crypto";
import { FileError } from "../../files/errors.ts";
import type { Program, ProgramTable } from "../../process.ts";
import { decodeText, quote } from "./support/text.ts";
import { eachFile, tool } from "./support/tool.ts";
import type { Tool } from "./support/tool.ts";

async function digestOf(run: Tool, algorithm: string, name: string): Promise<string> {
  const hash = createHash(algorithm);
  for await (const chunk of run.open(name)) hash.update(chunk);
  return hash.digest("hex");
}

const makeDigest = (algorithm: string, label: string): Program =>
  tool(
    {
      usage: "[OPTION]... [FILE]...",
      about: `Prints or checks ${label} checksums.`,
      options: "b,binary c,check ignore-missing quiet status strict tag t,text w,warn z,zero",
    },
    async (run, options) => {
      const end = options.has("zero") ? "\0" : "\n";
      if (options.has("check")) {
        await eachFile(run, options.operands, (name) =>
          check(
            run,
            name,
            algorithm,
            label,
            options.has("quiet"),
            options.has("status"),
            options.has("ignore-missing"),
            options.has("strict"),
          ),
        );
        return;
      }
      await eachFile(run, options.operands, async (name) => {
        const digest = await digestOf(run, algorithm, name);
        if (options.has("tag")) run.print(`${label} (${name}) = ${digest}${end}`);
        else run.print(`${digest} ${options.has("binary") ? "*" : " "}${name}${end}`);
      });
    },
  );

async function check(
  run: Tool,
  list: string,
  algorithm: string,
  label: string,
  quiet: boolean,
  silent: boolean,
  ignoreMissing: boolean,
  strict: boolean,
): Promise<void> {
  const length = createHash(algorithm).digest("hex").length;
  let valid = 0;
  let wrongFormat = 0;
  let mismatched = 0;
  let unreadable = 0;
  let matched = 0;
  for await (const line of run.lines(list)) {
    const plain = new RegExp(`^\\\\?([0-9a-fA-F]{${length}}) [ *](.+)$`).exec(line);
    const tagged = new RegExp(`^${label} \\((.+)\\) = ([0-9a-fA-F]{${length}})$`).exec(line);
    const digest = plain?.[1] ?? tagged?.[2];
    const name = plain?.[2] ?? tagged?.[1];
    if (digest === undefined || name === undefined) {
      if (line !== "" && !line.startsWith("#")) wrongFormat += 1;
      continue;
    }
    valid += 1;
    try {
      if ((await digestOf(run, algorithm, name)) === digest.toLowerCase()) {
        matched += 1;
        if (!quiet && !silent) run.print(`${name}: OK\n`);
      } else {
        mismatched += 1;
        if (!silent) run.print(`${name}: FAILED\n`);
      }
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      if (ignoreMissing && error.code === "ENOENT") continue;
      unreadable += 1;
      await run.warn(`${name}: ${error.message}`);
      if (!silent) run.print(`${name}: FAILED open or read\n`);
    }
  }
  if (valid === 0)
    return run.fail(
      `${list === "-" ? "'standard input'" : list}: no properly formatted ${label.startsWith("SHA") || label === "MD5" ? label : ""} checksum lines found`.replace(
        `${label} checksum`,
        "checksum",
      ),
    );
  const count = (amount: number, one: string, many: string): Promise<void> =>
    amount > 0 && !silent ? run.warn(`WARNING: ${amount} ${amount === 1 ? one : many}`) : Promise.resolve();
  await count(wrongFormat, "line is improperly formatted", "lines are improperly formatted");
  await count(unreadable, "listed file could not be read", "listed files could not be read");
  await count(mismatched, "computed checksum did NOT match", "computed checksums did NOT match");
  if (mismatched > 0 || unreadable > 0 || (strict && wrongFormat > 0)) run.status = 1;
  if (ignoreMissing && matched === 0) await run.fail(`${list}: no file was verified`);
}

const cksumTable = Array.from({ length: 256 }, (_, index) => {
  let value = index << 24;
  for (let bit = 0; bit < 8; bit += 1) value = value & 0x8000_0000 ? (value << 1) ^ 0x04c1_1db7 : value << 1;
  return value >>> 0;
});

const cksum = tool({ usage: "[FILE]...", about: "Prints a CRC checksum.", options: "" }, async (run, options) => {
  await eachFile(run, options.operands, async (name) => {
    let sum = 0;
    let size = 0;
    const add = (byte: number): void => {
      sum = ((sum << 8) ^ (cksumTable[((sum >>> 24) ^ byte) & 255] ?? 0)) >>> 0;
    };
    for await (const chunk of run.open(name)) {
      size += chunk.length;
      for (const byte of chunk) add(byte);
    }
    for (let rest = size; rest > 0; rest = Math.floor(rest / 256)) add(rest & 255);
    run.print(`${~sum >>> 0} ${size}${options.operands.length > 0 ? ` ${name}` : ""}\n`);
  });
});

const alphabet32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

function encode32(bytes: Uint8Array): string {
  let bits = "";
  for (const byte of bytes) bits += byte.toString(2).padStart(8, "0");
  let text = "";
  for (let at = 0; at < bits.length; at += 5)
    text += alphabet32.charAt(Number.parseInt(bits.slice(at, at + 5).padEnd(5, "0"), 2));
  return text.padEnd(Math.ceil(text.length / 8) * 8, "=");
}

function decode32(text: string): Uint8Array {
  let bits = "";
  for (const character of text.replace(/=+$/, "")) bits += alphabet32.indexOf(character).toString(2).padStart(5, "0");
  return Uint8Array.from({ length: Math.floor(bits.length / 8) }, (_, index) =>
    Number.parseInt(bits.slice(index * 8, index * 8 + 8), 2),
  );
}

const makeBase = (base: 32 | 64): Program =>
  tool(
    {
      usage: "[OPTION]... [FILE]",
      about: `Encodes and decodes base${base}.`,
      options: "d,decode i,ignore-garbage w,wrap=",
    },
    async (run, options) => {
      const [name = "-", extra] = options.operands;
      if (extra !== undefined) return run.misuse(`extra operand ${quote(extra)}`);
      const wrapWord = options.value("wrap") ?? "76";
      if (!/^\d+$/.test(wrapWord)) return run.die(`invalid wrap size: ${quote(wrapWord)}`);
      let bytes: Uint8Array;
      try {
        bytes = await run.slurp(name);
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        return run.die(`${error.code === "EISDIR" ? "read error" : name}: ${error.message}`);
      }
      if (!options.has("decode")) {
        const text = base === 64 ? Buffer.from(bytes).toString("base64") : encode32(bytes);
        const wrap = Number(wrapWord);
        if (wrap === 0) return run.print(text);
        for (let at = 0; at < text.length; at += wrap) run.print(`${text.slice(at, at + wrap)}\n`);
        return;
      }
      const symbols = base === 64 ? "A-Za-z0-9+/" : "A-Z2-7";
      let text = decodeText(bytes).replaceAll("\n", "");
      if (options.has("ignore-garbage")) text = text.replace(new RegExp(`[^${symbols}=]`, "g"), "");
      const group = base === 64 ? 4 : 8;
      const valid = new RegExp(`^[${symbols}]*={0,${base === 64 ? 2 : 6}}`).exec(text)?.[0] ?? "";
      const usable = valid.length === text.length && text.length % group === 0;
      run.printBytes(
        base === 64
          ? new Uint8Array(Buffer.from(valid, "base64"))
          : decode32(valid.slice(0, Math.floor(valid.length / group) * group)),
      );
      if (!usable) await run.fail("invalid input");
    },
  );

export const digestPrograms: ProgramTable = {
  md5sum: makeDigest("md5", "MD5"),
  sha1sum: makeDigest("sha1", "SHA1"),
  sha224sum: makeDigest("sha224", "SHA224"),
  sha256sum: makeDigest("sha256", "SHA256"),
  sha384sum: makeDigest("sha384", "SHA384"),
  sha512sum: makeDigest("sha512", "SHA512"),
  cksum,
  base32: makeBase(32),
  base64: makeBase(64),
};
