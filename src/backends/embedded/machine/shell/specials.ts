import type { Shell } from "./shell.ts";

/** Variables whose value is computed. */
export function defineSpecials(shell: Shell): void {
  const { variables } = shell;
  const { clock, random } = shell.machine.environment;
  let secondsBase = shell.startedAt;
  const numbered = (values: readonly string[]) => new Map(values.map((value, index) => [String(index), value]));
  const listed = (name: string, values: () => readonly string[]) =>
    variables.special.set(name, { get: () => values()[0], items: () => numbered(values()) });

  variables.special.set("RANDOM", { get: () => String(Math.floor(random.next() * 32_768)) });
  variables.special.set("SRANDOM", { get: () => String(Math.floor(random.next() * 4_294_967_296)) });
  variables.special.set("SECONDS", {
    get: () => String(Math.floor((clock.monotonic() - secondsBase) / 1000)),
    set: (value) => {
      secondsBase = clock.monotonic() - (Number(value) || 0) * 1000;
    },
  });
  variables.special.set("LINENO", { get: () => String(shell.line) });
  variables.special.set("EPOCHSECONDS", { get: () => String(Math.floor(clock.now() / 1000)) });
  variables.special.set("EPOCHREALTIME", { get: () => `${(clock.now() / 1000).toFixed(3)}000` });
  variables.special.set("BASHPID", { get: () => String(shell.pid) });
  variables.special.set("PPID", { get: () => String(shell.parentPid) });
  variables.special.set("UID", { get: () => String(shell.credentials.uid) });
  variables.special.set("EUID", { get: () => String(shell.credentials.uid) });
  variables.special.set("BASH_SUBSHELL", { get: () => String(shell.subshellDepth) });
  variables.special.set("BASH_VERSION", { get: () => "5.0.17(1)-release" });
  variables.special.set("BASH", { get: () => "/bin/bash" });
  variables.special.set("HOSTNAME", { get: () => shell.machine.name });
  variables.special.set("HOSTTYPE", { get: () => "x86_64" });
  variables.special.set("MACHTYPE", { get: () => "x86_64-pc-linux-gnu" });
  variables.special.set("OSTYPE", { get: () => "linux-gnu" });
  variables.special.set("SHELLOPTS", {
    get: () =>
      Object.entries(shell.options)
        .filter(([, on]) => on)
        .map(([name]) => name)
        .sort()
        .join(":"),
  });
  variables.special.set("HISTCMD", { get: () => String(shell.history.length + 1) });
  variables.special.set("_", { get: () => shell.lastArgument });
  listed("PIPESTATUS", () => shell.pipeStatus.map(String));
  listed("BASH_VERSINFO", () => ["5", "0", "17", "1", "release", "x86_64-pc-linux-gnu"]);
  listed("GROUPS", () => shell.credentials.groups.map(String));
  listed("DIRSTACK", () => [shell.cwd, ...shell.directories]);
  const main = () => (shell.sourceName() === "" ? [] : [{ name: "main", source: shell.sourceName(), line: 0 }]);
  listed("FUNCNAME", () =>
    shell.calls.length === 0
      ? []
      : [...shell.calls]
          .reverse()
          .concat(main())
          .map((call) => call.name),
  );
  listed("BASH_SOURCE", () =>
    [...shell.calls]
      .reverse()
      .concat(main())
      .map((call) => call.source),
  );
  listed("BASH_LINENO", () =>
    [...shell.calls]
      .reverse()
      .concat(main())
      .map((call) => String(call.line)),
  );
}
