import type { Process, Program } from "../../../process.ts";
import { crunMakefile, makeCrun } from "./crun.ts";

interface Rule {
  needs: string[];
  recipe: string[];
}

/** GNU make. Simplified: variables, rules and recipes; no patterns, functions and time stamps of missing sources. */
export const make: Program = async (process) => {
  const args = process.argv.slice(1);
  if (args.includes("--version") || args.includes("-v")) {
    await process.out(`GNU Make ${process.executable.version.split("-")[0] ?? ""}\nBuilt for x86_64-pc-linux-gnu\n`);
    return 0;
  }
  const targets: string[] = [];
  const given = new Map<string, string>();
  let file: string | undefined;
  for (let index = 0; index < args.length; index += 1) {
    const argument = args[index] ?? "";
    const assignment = /^(\w+)=(.*)$/s.exec(argument);
    if (argument === "-f") file = args[(index += 1)];
    else if (argument === "-C")
      return process.run([process.argv[0] ?? "make", ...args.slice(0, index), ...args.slice(index + 2)], {
        cwd: process.resolve(args[index + 1] ?? "."),
      });
    else if (argument === "-j" && /^\d+$/.test(args[index + 1] ?? "")) index += 1;
    else if (assignment) given.set(assignment[1] ?? "", assignment[2] ?? "");
    else if (!argument.startsWith("-")) targets.push(argument);
  }
  const path = [file ?? "GNUmakefile", file ?? "makefile", file ?? "Makefile"]
    .map((name) => process.resolve(name))
    .find((name) => process.files.exists(name));
  if (path === undefined) {
    const what =
      targets[0] === undefined
        ? "No targets specified and no makefile found."
        : `No rule to make target '${targets[0]}'.`;
    await process.err(`make: *** ${what}  Stop.\n`);
    return 2;
  }
  const text = process.files.readText(path);
  const crun = crunMakefile(text);
  if (crun) return makeCrun(process, new Map([...crun, ...given]), targets);
  const rules = parse(text, given);
  const first = [...rules.keys()].find((name) => !name.startsWith("."));
  const done = new Set<string>();
  for (const target of targets.length === 0 && first !== undefined ? [first] : targets) {
    const status = await build(process, rules, target, done);
    if (status !== 0) return status;
  }
  return 0;
};

function parse(text: string, given: ReadonlyMap<string, string>): Map<string, Rule> {
  const variables = new Map(given);
  const rules = new Map<string, Rule>();
  const expand = (line: string): string =>
    line.replace(/\$(?:\((\w+)\)|\{(\w+)\}|(\$))/g, (_all, one?: string, other?: string, dollar?: string) =>
      dollar ? "$" : (variables.get(one ?? other ?? "") ?? ""),
    );
  let current: Rule | undefined;
  for (const line of text.replaceAll("\\\n", " ").split("\n")) {
    if (line.startsWith("\t")) {
      current?.recipe.push(expand(line.slice(1)));
      continue;
    }
    const assignment = /^(\w+)\s*(\?|:|\+)?=\s*(.*)$/.exec(line);
    if (assignment) {
      const [, name = "", kind, value = ""] = assignment;
      if (!given.has(name) && !(kind === "?" && variables.has(name))) variables.set(name, expand(value));
      continue;
    }
    const rule = /^([^#:=\s][^:=]*):\s*(.*)$/.exec(line);
    if (!rule) continue;
    current = {
      needs: expand(rule[2] ?? "")
        .split(/\s+/)
        .filter(Boolean),
      recipe: [],
    };
    for (const name of expand(rule[1] ?? "")
      .split(/\s+/)
      .filter(Boolean))
      rules.set(name, current);
  }
  return rules;
}

async function build(
  process: Process,
  rules: ReadonlyMap<string, Rule>,
  target: string,
  done: Set<string>,
): Promise<number> {
  if (done.has(target)) return 0;
  done.add(target);
  const rule = rules.get(target);
  if (!rule) {
    if (process.files.exists(process.resolve(target))) return 0;
    await process.err(`make: *** No rule to make target '${target}'.  Stop.\n`);
    return 2;
  }
  for (const need of rule.needs) {
    const status = await build(process, rules, need, done);
    if (status !== 0) return status;
  }
  for (const line of rule.recipe) {
    const command = line.replace(/^[@-]+/, "");
    if (!line.startsWith("@")) await process.out(`${command}\n`);
    const status = await process.run(["/bin/sh", "-c", command]);
    if (status !== 0 && !line.startsWith("-")) {
      await process.err(`make: *** [Makefile: ${target}] Error ${status}\n`);
      return 2;
    }
  }
  return 0;
}
