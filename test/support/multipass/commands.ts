import type { Command } from "./call.ts";
import type { Option } from "./grammar.ts";
import type { Settings } from "./settings.ts";

export interface CommandSpec {
  /** The first one is its own. */
  names: readonly string[];
  summary: string;
  options: readonly Option[];
  /** First version that has it. */
  since?: string;
  /** Works without the daemon, or asks for it itself. */
  local?: boolean;
  load: () => Promise<Command>;
}

/** Options in short: `timeout=` takes a value, `a|all` has two names. */
const options = (text: string): Option[] =>
  text
    .split(" ")
    .filter((word) => word !== "")
    .map((word) => ({ names: word.replace("=", "").split("|"), value: word.endsWith("=") }));

const about = (name: "version" | "find" | "networks" | "aliases" | "zones" | "waitReady") => async () =>
  (await import("./commands/about.ts"))[name];
const mounts = async () => (await import("./commands/mounts.ts")).run;
const power = (name: "start" | "stop" | "restart" | "suspend") => async () =>
  (await import("./commands/power.ts"))[name];
const snapshots = (name: "snapshot" | "restore" | "clone") => async () =>
  (await import("./commands/snapshots.ts"))[name];
const remove = (name: "run" | "recover" | "purge") => async () => (await import("./commands/remove.ts"))[name];
const settings = (name: "get" | "set" | "authenticate") => async () => (await import("./commands/settings.ts"))[name];

/** Every command that a version has. */
export function commandsOf({ atLeast }: Settings): CommandSpec[] {
  const launch = [
    "cpus|c= memory|m= disk|d= name|n= cloud-init= network= bridged mount= timeout=",
    atLeast("1.17") ? "zone=" : "mem=",
  ].join(" ");
  const all: CommandSpec[] = [
    {
      names: ["aliases"],
      summary: "List available aliases",
      options: options("format="),
      local: true,
      load: about("aliases"),
    },
    {
      names: ["authenticate", "auth"],
      summary: "Authenticate client",
      options: [],
      load: settings("authenticate"),
    },
    {
      names: ["clone"],
      summary: "Clone an instance",
      options: options("name|n="),
      since: "1.15",
      load: snapshots("clone"),
    },
    {
      names: ["delete"],
      summary: "Delete instances and snapshots",
      options: options("all purge|p"),
      load: remove("run"),
    },
    {
      names: ["exec"],
      summary: "Run a command on an instance",
      options: options("working-directory|d= no-map-working-directory|n"),
      load: async () => (await import("./commands/exec.ts")).run,
    },
    {
      names: ["find"],
      summary: "Display available images to create instances from",
      options: options(`show-unsupported force-update format=${atLeast("1.17") ? "" : " only-images only-blueprints"}`),
      load: about("find"),
    },
    { names: ["get"], summary: "Get a configuration setting", options: options("raw keys"), load: settings("get") },
    {
      names: ["info"],
      summary: "Display information about instances",
      options: options(`all format= no-runtime-information${atLeast("1.13") ? " snapshots" : ""}`),
      load: async () => (await import("./commands/info.ts")).run,
    },
    {
      names: ["launch"],
      summary: "Create and start an Ubuntu instance",
      options: options(launch),
      load: async () => (await import("./commands/launch.ts")).run,
    },
    {
      names: ["list", "ls"],
      summary: "List all available instances",
      options: options(`format= no-ipv4${atLeast("1.13") ? " snapshots" : ""}`),
      load: async () => (await import("./commands/list.ts")).run,
    },
    {
      names: ["mount"],
      summary: "Mount a local directory in the instance",
      options: options("gid-map|g= uid-map|u= type|t="),
      load: mounts,
    },
    {
      names: ["networks"],
      summary: "List available network interfaces",
      options: options("format="),
      load: about("networks"),
    },
    { names: ["purge"], summary: "Purge all deleted instances permanently", options: [], load: remove("purge") },
    { names: ["recover"], summary: "Recover deleted instances", options: options("all"), load: remove("recover") },
    { names: ["restart"], summary: "Restart instances", options: options("all timeout="), load: power("restart") },
    {
      names: ["restore"],
      summary: "Restore an instance from a snapshot",
      options: options("destructive|d"),
      since: "1.13",
      load: snapshots("restore"),
    },
    { names: ["set"], summary: "Set a configuration setting", options: [], load: settings("set") },
    {
      names: ["shell", "sh", "connect"],
      summary: "Open a shell on an instance",
      options: options("timeout="),
      load: async () => (await import("./commands/exec.ts")).runShell,
    },
    {
      names: ["snapshot"],
      summary: "Take a snapshot of an instance",
      options: options("name|n= comment|c|m="),
      since: "1.13",
      load: snapshots("snapshot"),
    },
    { names: ["start"], summary: "Start instances", options: options("all timeout="), load: power("start") },
    {
      names: ["stop"],
      summary: "Stop running instances",
      options: options(`all time|t= cancel|c${atLeast("1.14") ? " force" : ""}`),
      load: power("stop"),
    },
    { names: ["suspend"], summary: "Suspend running instances", options: options("all"), load: power("suspend") },
    {
      names: ["transfer", "copy-files"],
      summary: "Transfer files between the host and instances",
      options: options("recursive|r parents|p"),
      load: async () => (await import("./commands/transfer.ts")).run,
    },
    {
      names: ["umount", "unmount"],
      summary: "Unmount a directory from an instance",
      options: [],
      load: mounts,
    },
    {
      names: ["version"],
      summary: "Show version details",
      options: options("format="),
      local: true,
      load: about("version"),
    },
    {
      names: ["wait-ready"],
      summary: "Wait for the Multipass daemon to be ready",
      options: options("timeout="),
      since: "1.17",
      local: true,
      load: about("waitReady"),
    },
    { names: ["zones"], summary: "List all zones", options: options("format="), since: "1.17", load: about("zones") },
  ];
  return all.filter(({ since }) => since === undefined || atLeast(since));
}
