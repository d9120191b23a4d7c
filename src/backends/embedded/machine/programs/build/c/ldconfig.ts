import type { Process, Program } from "../../../process.ts";

const cache = "/etc/ld.so.cache";

/** Folders of the dynamic linker: those of /etc/ld.so.conf and its includes, then the system's own. */
function folders(process: Process): string[] {
  const listed: string[] = [];
  const read = (path: string): void => {
    if (!process.files.exists(path)) return;
    for (const raw of process.files.readText(path).split("\n")) {
      const line = raw.replace(/#.*/, "").trim();
      const included = /^include\s+(.*)\/\*\.conf$/.exec(line)?.[1];
      if (included !== undefined) {
        if (process.files.isDirectory(included)) {
          for (const name of process.files.list(included)) if (name.endsWith(".conf")) read(`${included}/${name}`);
        }
      } else if (line !== "") listed.push(line);
    }
  };
  read("/etc/ld.so.conf");
  if (process.files.isDirectory("/etc/ld.so.conf.d")) {
    for (const name of process.files.list("/etc/ld.so.conf.d")) read(`/etc/ld.so.conf.d/${name}`);
  }
  return [
    ...new Set([...listed, "/usr/local/lib", "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib", "/usr/lib"]),
  ];
}

function libraries(process: Process): { name: string; path: string }[] {
  return folders(process).flatMap((folder) =>
    process.files.isDirectory(folder)
      ? process.files
          .list(folder)
          .filter((name) => /\.so(\.\d+)*$/.test(name))
          .map((name) => ({ name, path: `${folder}/${name}` }))
      : [],
  );
}

/** Writes or prints the dynamic linker's cache. Simplified: the cache is text. */
export const ldconfig: Program = async (process) => {
  const args = process.argv.slice(1);
  if (args.includes("-p") || args.includes("--print-cache")) {
    const entries = process.files.exists(cache) ? process.files.readText(cache).split("\n").filter(Boolean) : [];
    await process.out(
      `${entries.length} libs found in cache \`${cache}'\n${entries.map((entry) => `\t${entry}\n`).join("")}`,
    );
    return 0;
  }
  if (process.credentials.uid !== 0) {
    await process.err(`/sbin/ldconfig.real: Can't create temporary cache file ${cache}~: Permission denied\n`);
    return 1;
  }
  const entries = libraries(process).map(({ name, path }) => `${name} (libc6,x86-64) => ${path}`);
  process.files.write(cache, `${entries.join("\n")}\n`);
  return 0;
};
