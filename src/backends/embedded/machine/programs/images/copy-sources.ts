import { FileError } from "../../files/errors.ts";
import type { FileView } from "../../files/file-system.ts";
import { basename, dirname, resolvePath } from "../../files/paths.ts";

/** COPY or ADD could not do what it says; `message` is buildah's. */
export class CopyError extends Error {
  override readonly name = "CopyError";
}

export interface CopyRequest {
  /** Where the sources are, with the permissions to read them. */
  from: FileView;
  /** Folder that the sources are below, and how messages call it. */
  base: string;
  shownBase: string;
  sources: readonly string[];
  to: FileView;
  /** Absolute once joined with the working directory; a trailing slash means a folder. */
  destination: string;
  owner: { uid: number; gid: number };
  mode: number | undefined;
  /** True for paths below the base that .dockerignore hides. */
  ignored: (path: string) => boolean;
}

/** Copies like COPY: files by name, the content of folders, globs. Throws CopyError. */
export function copySources(request: CopyRequest): void {
  const found = request.sources.flatMap((source) => matches(request, source));
  const intoFolder =
    request.destination.endsWith("/") || found.length > 1 || request.to.isDirectory(request.destination);
  const destination = resolvePath("/", request.destination);
  for (const path of found) {
    if (request.from.isDirectory(path)) copyTree(request, path, destination);
    else copyFile(request, path, intoFolder ? resolvePath(destination, basename(path)) : destination);
  }
}

function matches(request: CopyRequest, source: string): string[] {
  const wanted = resolvePath("/", source);
  const missing = (): never => {
    throw new CopyError(
      `checking on sources under ${JSON.stringify(request.shownBase)}: copier: stat: ${JSON.stringify(wanted)}: no such file or directory`,
    );
  };
  let paths = [request.base === "/" ? "" : request.base];
  for (const part of wanted.split("/").filter(Boolean)) {
    paths = /[*?[]/.test(part)
      ? paths.flatMap((path) =>
          request.from.isDirectory(path || "/")
            ? request.from
                .list(path || "/")
                .filter((name) => globPattern(part).test(name))
                .map((name) => `${path}/${name}`)
            : [],
        )
      : paths.map((path) => `${path}/${part}`).filter((path) => request.from.exists(path));
  }
  const visible = paths.map((path) => path || "/").filter((path) => !request.ignored(below(request, path)));
  if (paths.length === 0) missing();
  if (visible.length === 0) {
    throw new CopyError(
      `no items matching glob ${JSON.stringify(request.shownBase + wanted)} copied (1 filtered out using ${request.shownBase}/.dockerignore): no such file or directory`,
    );
  }
  return visible;
}

function copyTree(request: CopyRequest, from: string, to: string): void {
  if (!request.ignored(below(request, from))) makeFolders(request, to);
  for (const name of request.from.list(from)) {
    const path = `${from === "/" ? "" : from}/${name}`;
    const target = `${to === "/" ? "" : to}/${name}`;
    if (request.from.lstat(path).type === "directory") copyTree(request, path, target);
    else if (!request.ignored(below(request, path))) copyFile(request, path, target);
  }
}

function copyFile(request: CopyRequest, from: string, to: string): void {
  makeFolders(request, dirname(to));
  const link = request.from.lstat(from);
  if (request.to.exists(to) && !request.to.isDirectory(to)) request.to.unlink(to);
  try {
    if (link.type === "symlink" && !request.from.exists(from)) request.to.symlink(request.from.readLink(from), to);
    else {
      const stat = request.from.stat(from);
      request.to.writeWithMode(to, request.from.readBytes(from), request.mode ?? stat.mode);
      request.to.setTime(to, stat.mtime);
    }
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new CopyError(`copying ${JSON.stringify(from)}: ${error.message.toLowerCase()}`);
  }
  request.to.chown(to, request.owner.uid, request.owner.gid, false);
}

function makeFolders(request: CopyRequest, path: string): void {
  let made = "";
  for (const part of path.split("/").filter(Boolean)) {
    made += `/${part}`;
    if (request.to.exists(made)) {
      if (!request.to.isDirectory(made)) throw new CopyError(`mkdir ${made}: not a directory`);
      continue;
    }
    request.to.makeDirectory(made, 0o755);
    request.to.chown(made, request.owner.uid, request.owner.gid);
  }
}

const below = (request: CopyRequest, path: string): string =>
  path.slice(request.base === "/" ? 1 : request.base.length + 1);

function globPattern(part: string): RegExp {
  const body = part
    .replace(/[.+^${}()|\\]/g, "\\$&")
    .replaceAll("*", "[^/]*")
    .replaceAll("?", "[^/]");
  return new RegExp(`^${body}$`);
}

/** Reads .containerignore or .dockerignore: later lines win, `!` shows again. */
export function ignoreRules(files: FileView, context: string): (path: string) => boolean {
  const file = [`${context}/.containerignore`, `${context}/.dockerignore`].find((path) => files.exists(path));
  if (file === undefined) return () => false;
  const rules = files
    .readText(file)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const shows = line.startsWith("!");
      const pattern = (shows ? line.slice(1) : line).trim().replace(/^\.?\/+|\/+$/g, "");
      const body = pattern
        .replace(/[.+^${}()|[\]\\]/g, "\\$&")
        .replace(/\*\*\/?|\*|\?/g, (mark) =>
          mark === "**/" ? "(?:.*/)?" : mark === "**" ? ".*" : mark === "*" ? "[^/]*" : "[^/]",
        );
      return { shows, pattern: new RegExp(`^${body}(?:/.*)?$`) };
    });
  return (path) => {
    let hidden = false;
    if (path === "") return false;
    for (const rule of rules) if (rule.pattern.test(path)) hidden = !rule.shows;
    return hidden;
  };
}
