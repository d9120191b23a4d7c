import { FileError } from "../files/errors.ts";
import { resolvePath } from "../files/paths.ts";
import { sourceOf } from "../io.ts";
import type { Redirection } from "./ast.ts";
import { OpenFile, fileSink, fileSource } from "./descriptors.ts";
import { encodeShell } from "./encoding.ts";
import { ShellFailure } from "./failures.ts";
import type { Shell } from "./shell.ts";

/** Opens what the redirections name, in order, on the shell's descriptors. Throws ShellFailure in bash's words. */
export async function redirect(shell: Shell, list: readonly Redirection[]): Promise<void> {
  for (const redirection of list) await apply(shell, redirection);
}

async function apply(shell: Shell, redirection: Redirection): Promise<void> {
  const { operator, target } = redirection;
  const input = operator.startsWith("<");
  const [part] = target.parts;
  let descriptor = input ? 0 : 1;
  if (typeof redirection.descriptor === "number") ({ descriptor } = redirection as { descriptor: number });
  else if (redirection.descriptor !== undefined) {
    const closing = operator.endsWith("&") && target.source === "-";
    if (closing) {
      shell.descriptors.close(Number(shell.variables.get(redirection.descriptor)));
      return;
    }
    descriptor = shell.descriptors.free();
    shell.variables.set(redirection.descriptor, String(descriptor));
  }
  if (operator === "<<") {
    shell.descriptors.set(
      descriptor,
      new OpenFile({ source: sourceOf(encodeShell(await shell.expander.text(target))) }),
    );
    return;
  }
  if (operator === "<<<") {
    shell.descriptors.set(
      descriptor,
      new OpenFile({ source: sourceOf(encodeShell(`${await shell.expander.text(target)}\n`)) }),
    );
    return;
  }
  if (
    target.parts.length === 1 &&
    part?.type === "process" &&
    (operator === "<" || operator === ">" || operator === "&>" || operator === ">>")
  ) {
    const file = shell.openSubstitution(part.direction, part.list);
    if (operator === "&>") shell.descriptors.set(2, file.retain());
    shell.descriptors.set(descriptor, file);
    return;
  }
  const words = await shell.expander.words([target]);
  const [path] = words;
  if (words.length !== 1 || path === undefined) throw new ShellFailure(`${target.source}: ambiguous redirect`);
  if (operator === "<&" || operator === ">&") {
    if (/^\d+-?$|^-$/.test(path)) return duplicate(shell, descriptor, path);
    if (operator === "<&" || redirection.descriptor !== undefined)
      throw new ShellFailure(`${path}: ambiguous redirect`);
  }
  const file = openPath(shell, path, operator);
  if (operator === "&>" || operator === "&>>" || operator === ">&") {
    shell.descriptors.set(1, file);
    shell.descriptors.set(2, file.retain());
  } else shell.descriptors.set(descriptor, file);
}

function duplicate(shell: Shell, descriptor: number, target: string): void {
  if (target === "-") return shell.descriptors.close(descriptor);
  const number = Number.parseInt(target, 10);
  const file = shell.descriptors.get(number);
  if (!file) throw new ShellFailure(`${number}: Bad file descriptor`);
  if (number !== descriptor) shell.descriptors.set(descriptor, file.retain());
  if (target.endsWith("-")) shell.descriptors.close(number);
}

function openPath(shell: Shell, path: string, operator: Redirection["operator"]): OpenFile {
  if (path === "") throw new ShellFailure(": No such file or directory");
  const absolute = path.startsWith("/") ? path : `${shell.cwd === "/" ? "" : shell.cwd}/${path}`;
  const standard = standardDescriptor(resolvePath("/", absolute));
  if (standard !== undefined) {
    const file = shell.descriptors.get(standard);
    if (file) return file.retain();
  }
  try {
    if (operator === "<") return new OpenFile({ source: fileSource(absolute, shell.files) });
    const mode = 0o666 & ~shell.umask;
    if (operator === "<>") {
      if (!shell.files.exists(absolute)) shell.files.write(absolute, "", { mode });
      return new OpenFile({
        source: fileSource(absolute, shell.files),
        sink: fileSink(absolute, shell.files, { append: true, mode }),
      });
    }
    if (
      operator === ">" &&
      shell.options.noclobber &&
      shell.files.exists(absolute) &&
      shell.files.stat(absolute).type === "file"
    ) {
      throw new ShellFailure(`${path}: cannot overwrite existing file`);
    }
    return new OpenFile({ sink: fileSink(absolute, shell.files, { append: operator.endsWith(">>"), mode }) });
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new ShellFailure(`${path}: ${error.message}`);
  }
}

function standardDescriptor(path: string): number | undefined {
  if (path === "/dev/stdin") return 0;
  if (path === "/dev/stdout" || path === "/dev/tty") return 1;
  if (path === "/dev/stderr") return 2;
  const match = /^\/(?:dev|proc\/self)\/fd\/(\d)$/.exec(path);
  return match ? Number(match[1]) : undefined;
}
