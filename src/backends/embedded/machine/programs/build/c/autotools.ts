import type { Program } from "../../../process.ts";
import { crunConfigureBytes } from "./crun.ts";
import { hasCommand } from "./search.ts";

const versioned =
  (name: string, suite: string): Program =>
  async (process) => {
    if (process.argv.includes("--version")) await process.out(`${name} (${suite}) ${process.executable.version}\n`);
    return 0;
  };

/**
 * Generates configure from configure.ac with autoconf, automake and libtool, each of which must be installed.
 * Simplified: only crun's configure.ac can be turned into a configure.
 */
export const autoreconf: Program = async (process) => {
  if (process.argv.includes("--version")) {
    await process.out(`autoreconf (GNU Autoconf) ${process.executable.version}\n`);
    return 0;
  }
  const path = `${process.cwd}/configure.ac`;
  if (!process.files.exists(path)) {
    await process.err("autoreconf: 'configure.ac' or 'configure.in' is required\n");
    return 1;
  }
  const text = process.files.readText(path);
  if (!hasCommand(process, "aclocal")) {
    await process.err(
      `Can't exec "aclocal": No such file or directory at /usr/share/autoconf/Autom4te/FileUtils.pm line 326.\nautoreconf: failed to run aclocal: No such file or directory\n`,
    );
    return 1;
  }
  const libtool = text.split("\n").findIndex((line) => line.startsWith("LT_INIT"));
  if (libtool >= 0 && !hasCommand(process, "libtoolize")) {
    await process.err(
      `configure.ac:${libtool + 1}: error: possibly undefined macro: LT_INIT\n      If this token and others are legitimate, please use m4_pattern_allow.\n      See the Autoconf documentation.\nautoreconf: /usr/bin/autoconf failed with exit status: 1\n`,
    );
    return 1;
  }
  const version = /^AC_INIT\(\[crun\], \[([\d.]+)\]/m.exec(text)?.[1];
  if (version === undefined) {
    await process.err("autoreconf: the lab can only generate the configure of crun\n");
    return 1;
  }
  for (const line of [
    "libtoolize: putting auxiliary files in AC_CONFIG_AUX_DIR, 'build-aux'.",
    "libtoolize: copying file 'build-aux/ltmain.sh'",
    "configure.ac:5: installing 'build-aux/compile'",
    "configure.ac:4: installing 'build-aux/install-sh'",
    "Makefile.am: installing 'build-aux/depcomp'",
  ]) {
    await process.out(`${line}\n`);
    await process.machine.environment.pacing.wait("progress", process.signal);
  }
  process.files.writeWithMode(`${process.cwd}/configure`, crunConfigureBytes(version), 0o755);
  return 0;
};

export const autoconf = versioned("autoconf", "GNU Autoconf");
export const autoheader = versioned("autoheader", "GNU Autoconf");
export const automake = versioned("automake", "GNU automake");
export const aclocal = versioned("aclocal", "GNU automake");
export const libtoolize = versioned("libtoolize", "GNU libtool");
export const libtool = versioned("libtool", "GNU libtool");
export const m4 = versioned("m4", "GNU M4");
