import { readText } from "../../io.ts";
import type { Process } from "../../process.ts";
import { crontabFolder } from "../../system/cron.ts";
import { parseArguments } from "./arguments.ts";

/** crontab(1). */
export async function crontab(process: Process): Promise<number> {
  const args = parseArguments(process.argv.slice(1), ["-l", "-r", "-e", "-i"], ["-u"]);
  const { machine } = process;
  const own = machine.users.byId(process.credentials.uid)?.name ?? String(process.credentials.uid);
  const user = args.value("-u") ?? own;
  if (user !== own && process.credentials.uid !== 0) {
    await process.err("must be privileged to use -u\n");
    return 1;
  }
  if (!machine.users.byName(user)) {
    await process.err(`crontab:  user \`${user}' unknown\n`);
    return 1;
  }
  // crontab is set-group-ID crontab, so it reaches the folder that its user may not list.
  const files = machine.rootFiles;
  const path = `${crontabFolder}/${user}`;
  const known = files.exists(path);
  const install = async (text: string, name: string): Promise<number> => {
    const problem = crontabProblem(text);
    if (problem !== undefined) {
      await process.err(`"${name}":${problem}\nerrors in crontab file, can't install.\n`);
      return 1;
    }
    files.writeWithMode(path, text, 0o600);
    files.chown(path, machine.users.byName(user)?.uid ?? 0, 105);
    return 0;
  };
  if (args.has("-l")) {
    if (!known) {
      await process.err(`no crontab for ${user}\n`);
      return 1;
    }
    await process.out(files.readText(path));
    return 0;
  }
  if (args.has("-r")) {
    if (!known) {
      await process.err(`no crontab for ${user}\n`);
      return 1;
    }
    files.unlink(path);
    return 0;
  }
  if (args.has("-e")) {
    const temporary = `/tmp/crontab.${process.pid}`;
    files.writeWithMode(temporary, known ? files.readText(path) : "# m h  dom mon dow   command\n", 0o600);
    files.chown(temporary, process.credentials.uid, process.credentials.gid);
    if (!known) await process.err(`no crontab for ${user} - using an empty one\n`);
    const before = files.readText(temporary);
    const code = await process.run(["editor", temporary]);
    const after = files.readText(temporary);
    files.unlink(temporary);
    if (code !== 0) return 1;
    if (after === before) {
      await process.err("No modification made\n");
      return 0;
    }
    await process.err("crontab: installing new crontab\n");
    return install(after, temporary);
  }
  const [source] = args.operands;
  if (source !== undefined && source !== "-") {
    if (!process.files.exists(process.resolve(source))) {
      await process.err(`${source}: No such file or directory\n`);
      return 1;
    }
    return install(process.files.readText(process.resolve(source)), source);
  }
  return install(await readText(process.stdin), "-");
}

/** The first line that cron would not understand, in crontab's words. */
function crontabProblem(text: string): string | undefined {
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#") || /^\w+\s*=/.test(line)) continue;
    if (line.startsWith("@")) {
      if (!/^@(reboot|yearly|annually|monthly|weekly|daily|midnight|hourly)\s+\S/.test(line))
        return `${index}: bad time specifier`;
      continue;
    }
    const fields = line.split(/\s+/);
    if (!/^[\d*,/-]+$/.test(fields[0] ?? "")) return `${index}: bad minute`;
    if (!/^[\d*,/-]+$/.test(fields[1] ?? "")) return `${index}: bad hour`;
    if (fields.length < 6) return `${index}: bad command`;
  }
  return text !== "" && !text.endsWith("\n") ? ": new crontab file is missing newline before EOF" : undefined;
}
