import { concat, encode, readAll } from "../../io.ts";
import type { Process, Program } from "../../process.ts";
import { armored, keyring, parseKeys } from "../../system/packages/keys.ts";
import { aptUpdate, trustedKeyrings } from "./apt-update.ts";

const deprecated = "Warning: apt-key is deprecated. Manage keyring files in trusted.gpg.d instead (see apt-key(8)).\n";

/** From apt 2.1.8 on the command warns at every call. */
const isDeprecated = (version: string): boolean => {
  const [major = 0, minor = 0] = version.split(".").map((part) => Number.parseInt(part, 10));
  return major > 2 || (major === 2 && minor >= 1);
};

/** apt-key(8). */
export const aptKey: Program = async (process) => {
  const args = process.argv.slice(1);
  const [verb = "", operand] = args.filter((arg) => !arg.startsWith("--"));
  const files = process.machine.rootFiles;
  if (isDeprecated(process.executable.version)) await process.err(deprecated);
  else if (!process.stdout.isTerminal)
    await process.err("Warning: apt-key output should not be parsed (stdout is not a terminal)\n");
  const needsRoot = ["add", "del", "adv", "update", "net-update"].includes(verb);
  if (needsRoot && process.credentials.uid !== 0) {
    await process.err("E: This command can only be used by root.\n");
    return 1;
  }
  const own = "/etc/apt/trusted.gpg";
  const ownKeys = files.exists(own) ? parseKeys(files.readBytes(own)) : [];
  switch (verb) {
    case "add": {
      const path = operand === undefined || operand === "-" ? undefined : process.resolve(operand);
      if (path !== undefined && !process.files.exists(path)) {
        await process.err(`gpg: can't open '${operand ?? ""}': No such file or directory\n`);
        return 2;
      }
      const keys = parseKeys(path === undefined ? await readAll(process.stdin) : process.files.readBytes(path));
      if (keys.length === 0) {
        await process.err("gpg: no valid OpenPGP data found.\n");
        return 2;
      }
      const kept = ownKeys.filter((key) => !keys.some((added) => added.id === key.id));
      files.writeWithMode(own, keyring([...kept, ...keys]), 0o644);
      await process.out("OK\n");
      return 0;
    }
    case "del": {
      files.writeWithMode(
        own,
        keyring(ownKeys.filter((key) => !key.id.endsWith((operand ?? "").replaceAll(" ", "").slice(-16)))),
        0o644,
      );
      await process.out("OK\n");
      return 0;
    }
    case "list":
    case "finger":
    case "fingerprint": {
      for (const path of trustedKeyrings(process)) {
        if (!files.exists(path)) continue;
        const keys = parseKeys(files.readBytes(path));
        if (keys.length === 0) continue;
        await process.out(
          `${path}\n${"-".repeat(path.length)}\n${keys.map((key) => `pub   rsa4096\n      ${key.id}\nuid           [ unknown] ${key.user}\n\n`).join("")}`,
        );
      }
      return 0;
    }
    case "export":
      await process.out(armored(ownKeys));
      return 0;
    default:
      await process.err("Usage: apt-key [--keyring file] [command] [arguments]\n");
      return 1;
  }
};

/** add-apt-repository(1). Simplified: personal package archives (`ppa:`) are unknown. */
export const addAptRepository: Program = async (process: Process) => {
  const words = process.argv.slice(1).filter((arg) => !arg.startsWith("-"));
  const remove = process.argv.includes("-r") || process.argv.includes("--remove");
  if (process.credentials.uid !== 0) {
    await process.err("Error: must run as root\n");
    return 1;
  }
  const line = words.join(" ").trim();
  if (line.startsWith("ppa:")) {
    await process.err(
      `Cannot add PPA: '${line}'.\nERROR: '${line.slice(4).split("/")[0] ?? ""}' user or team does not exist.\n`,
    );
    return 1;
  }
  if (!line.startsWith("deb ") && !["universe", "multiverse", "restricted", "main"].includes(line)) {
    await process.err(`Error: '${line}' invalid\n`);
    return 1;
  }
  const path = "/etc/apt/sources.list";
  const files = process.machine.rootFiles;
  const text = files.exists(path) ? files.readText(path) : "";
  if (!line.startsWith("deb ")) {
    await process.out(`'${line}' distribution component is already enabled for all sources.\n`);
    return 0;
  }
  const without = text
    .split("\n")
    .filter((item) => item.trim() !== line)
    .join("\n");
  files.write(path, concat([encode(remove ? without : `${without.replace(/\n*$/, "\n")}${line}\n`)]));
  return process.argv.includes("-n") || process.argv.includes("--no-update") ? 0 : aptUpdate(process);
};
