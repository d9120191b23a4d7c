import { FileError } from "../../files/errors.ts";
import { decode, readAll } from "../../io.ts";
import type { Process, Program } from "../../process.ts";
import { armored, isArmored, keyring, parseKeys } from "../../system/packages/keys.ts";

interface GpgOptions {
  command: string;
  output: string | undefined;
  keyring: string | undefined;
  yes: boolean;
  batch: boolean;
  armor: boolean;
  quiet: boolean;
  operands: string[];
}

const commands = [
  "dearmor",
  "enarmor",
  "import",
  "list-keys",
  "show-keys",
  "export",
  "recv-keys",
  "version",
  "fingerprint",
];
const withValue = new Set(["output", "keyring", "homedir", "keyserver", "no-default-keyring-file"]);
const letters: Readonly<Record<string, string>> = { o: "output", a: "armor", q: "quiet", k: "list-keys" };

/** GnuPG, as far as package repositories' keys need it. */
export const gpg: Program = async (process) => {
  const options = parse(process.argv.slice(1));
  if (typeof options === "string") {
    await process.err(`gpg: invalid option "${options}"\n`);
    return 2;
  }
  switch (options.command) {
    case "version":
      await process.out(`gpg (GnuPG) ${process.executable.version}\n`);
      return 0;
    case "dearmor":
    case "enarmor":
      return convert(process, options);
    case "import":
      return importKeys(process, options);
    case "export":
      return write(
        process,
        options,
        options.armor ? armored(stored(process, options)) : keyring(stored(process, options)),
      );
    case "list-keys":
    case "fingerprint":
      return list(process, stored(process, options));
    case "show-keys":
    case "": {
      const input = await readInput(process, options);
      if (!input) return 2;
      const keys = parseKeys(input);
      if (keys.length > 0) return list(process, keys);
      await process.err("gpg: no valid OpenPGP data found.\n");
      return 2;
    }
    default:
      await process.err("gpg: keyserver receive failed: No route to host\n");
      return 2;
  }
};

function parse(args: readonly string[]): GpgOptions | string {
  const options: GpgOptions = {
    command: "",
    output: undefined,
    keyring: undefined,
    yes: false,
    batch: false,
    armor: false,
    quiet: false,
    operands: [],
  };
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? "";
    if (!arg.startsWith("-") || arg === "-") {
      options.operands.push(arg);
      continue;
    }
    const equals = arg.indexOf("=");
    const name = arg.startsWith("--")
      ? arg.slice(2, equals < 0 ? undefined : equals)
      : (letters[arg.slice(1, 2)] ?? "");
    if (name === "") return arg;
    let value = equals < 0 ? "" : arg.slice(equals + 1);
    if (withValue.has(name) && equals < 0) {
      if (!arg.startsWith("--") && arg.length > 2) value = arg.slice(2);
      else {
        index += 1;
        value = args[index] ?? "";
      }
    }
    if (commands.includes(name)) options.command = name;
    else if (name === "output") options.output = value;
    else if (name === "keyring") options.keyring = value;
    else if (name === "yes") options.yes = true;
    else if (name === "batch") options.batch = true;
    else if (name === "armor") options.armor = true;
    else if (name === "quiet") options.quiet = true;
  }
  return options;
}

async function readInput(process: Process, options: GpgOptions): Promise<Uint8Array | undefined> {
  const [name] = options.operands;
  if (name === undefined || name === "-") return readAll(process.stdin);
  try {
    return process.files.readBytes(process.resolve(name));
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    await process.err(`gpg: can't open '${name}': ${error.message}\n`);
    return undefined;
  }
}

async function convert(process: Process, options: GpgOptions): Promise<number> {
  const input = await readInput(process, options);
  if (!input) return 2;
  if (options.command === "enarmor") {
    const lines =
      Buffer.from(input)
        .toString("base64")
        .match(/.{1,64}/g) ?? [];
    return write(
      process,
      options,
      `-----BEGIN PGP ARMORED FILE-----\n\n${lines.join("\n")}\n-----END PGP ARMORED FILE-----\n`,
    );
  }
  if (!isArmored(input)) {
    await process.err("gpg: no valid OpenPGP data found.\n");
    return 2;
  }
  const body =
    /-----BEGIN PGP [^\n]*-----\n(?:[^\n]*:[^\n]*\n)*\n?([\s\S]*?)-----END PGP/.exec(decode(input))?.[1] ?? "";
  const lines = body.split("\n").filter((line) => line !== "" && !/^=\S{4}$/.test(line));
  const name = options.operands[0];
  const output = options.output ?? (name === undefined || name === "-" ? undefined : `${name}.gpg`);
  return write(process, { ...options, output }, Uint8Array.from(Buffer.from(lines.join(""), "base64")));
}

async function write(process: Process, options: GpgOptions, data: string | Uint8Array): Promise<number> {
  if (options.output === undefined || options.output === "-") {
    await process.stdout.write(typeof data === "string" ? new TextEncoder().encode(data) : data);
    return 0;
  }
  const path = process.resolve(options.output);
  const failed = options.command === "dearmor" ? "dearmoring failed" : "export failed";
  if (process.files.exists(path) && !options.yes) {
    if (options.batch || process.terminal === undefined || process.stdin.isTerminal !== true) {
      await process.err(`gpg: cannot open '/dev/tty': No such device or address\n`);
      return 2;
    }
    await process.err(`File '${options.output}' exists. Overwrite? (y/N) `);
    const chunk = await process.stdin.read();
    if (!/^y/i.test(chunk ? decode(chunk) : "")) {
      await process.err(`gpg: ${failed}: File exists\n`);
      return 2;
    }
  }
  try {
    process.files.write(path, data, { mode: 0o666 & ~process.umask });
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    await process.err(`gpg: can't create '${options.output}': ${error.message}\ngpg: ${failed}: ${error.message}\n`);
    return 2;
  }
  return 0;
}

const ringOf = (process: Process, options: GpgOptions): string => {
  const named = options.keyring?.replace(/^gnupg-ring:/, "");
  return named === undefined ? `${process.env["HOME"] ?? "/root"}/.gnupg/pubring.kbx` : process.resolve(named);
};

function stored(process: Process, options: GpgOptions): ReturnType<typeof parseKeys> {
  const path = ringOf(process, options);
  return process.files.exists(path) ? parseKeys(process.files.readBytes(path)) : [];
}

async function importKeys(process: Process, options: GpgOptions): Promise<number> {
  const input = await readInput(process, options);
  if (!input) return 2;
  const keys = parseKeys(input);
  if (keys.length === 0) {
    await process.err("gpg: no valid OpenPGP data found.\ngpg: Total number processed: 0\n");
    return 2;
  }
  const known = stored(process, options);
  const fresh = keys.filter((key) => !known.some((other) => other.id === key.id));
  const path = ringOf(process, options);
  process.files.makeDirectories(path.slice(0, path.lastIndexOf("/")), 0o700);
  process.files.write(path, keyring([...known, ...fresh]), { mode: 0o644 });
  for (const key of keys) {
    const words = fresh.includes(key) ? `public key "${key.user}" imported` : `"${key.user}" not changed`;
    await process.err(`gpg: key ${key.id}: ${words}\n`);
  }
  await process.err(`gpg: Total number processed: ${keys.length}\n`);
  if (fresh.length > 0) await process.err(`gpg:               imported: ${fresh.length}\n`);
  if (fresh.length < keys.length) await process.err(`gpg:              unchanged: ${keys.length - fresh.length}\n`);
  return 0;
}

async function list(process: Process, keys: ReturnType<typeof parseKeys>): Promise<number> {
  for (const key of keys) {
    const expires = key.expires === undefined ? "" : ` [expires: ${new Date(key.expires).toISOString().slice(0, 10)}]`;
    await process.out(`pub   rsa4096 [SC]${expires}\n      ${key.id}\nuid           [ unknown] ${key.user}\n\n`);
  }
  return 0;
}
