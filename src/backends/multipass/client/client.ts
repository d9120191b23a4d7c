import { Boots } from "./boot.ts";
import { Calls, checkName } from "./calls.ts";
import { MultipassError, type MultipassErrorCode } from "./errors.ts";
import { runThroughFiles } from "./exec-files.ts";
import { Instances } from "./instances.ts";
import { Launches } from "./launch.ts";
import { parseImages, parseNetworks, parseSnapshots, parseZones } from "./parse.ts";
import { Support } from "./support.ts";
import type { CallOptions, Multipass, MultipassOptions } from "./types.ts";

/** A client of the Multipass command line. Runs nothing yet; remembers what the executable can do. */
export function openMultipass(options: MultipassOptions = {}): Multipass {
  const calls = new Calls(options);
  const support = new Support(calls);
  const instances = new Instances(calls, support);
  const boots = new Boots(calls, support, instances);
  const launches = new Launches(calls, support, instances, boots);
  const { execs } = instances;

  async function ask(argv: readonly string[], call: CallOptions = {}): Promise<string> {
    await support.check();
    return calls.ask(argv, call);
  }

  /** Runs something that changes an instance: what was known of it no longer counts. */
  async function change(argv: readonly string[], name: string, call: CallOptions = {}): Promise<void> {
    checkName(argv[0] ?? "", name);
    await support.check();
    try {
      await calls.follow(argv, call);
    } finally {
      instances.forget(name);
    }
  }

  async function transfer(argv: readonly string[], name: string, call: CallOptions, stdin?: string | Uint8Array) {
    checkName("transfer", name);
    await support.check();
    const { stdout } = await calls.run(["transfer", ...argv], {
      ...(call.signal ? { signal: call.signal } : {}),
      ...(stdin === undefined ? {} : { stdin }),
    });
    return stdout;
  }

  return {
    version: (call) => support.version(call),
    features: () => support.features(),

    async waitReady(call = {}) {
      const { timeoutMs = 60_000 } = call;
      const { system } = calls;
      const end = system.now() + timeoutMs;
      await support.check();
      if (await support.hasCommand("wait-ready")) {
        await calls.follow(["wait-ready", `--timeout=${Math.max(1, Math.ceil(timeoutMs / 1000))}`], call);
        return;
      }
      for (;;) {
        try {
          await instances.list({ ...(call.signal ? { signal: call.signal } : {}), addresses: false });
          return;
        } catch (error) {
          const waits = error instanceof MultipassError && error.code === "daemon-unreachable" && system.now() < end;
          if (!waits) throw error;
        }
        await system.sleep(500, call.signal);
      }
    },

    list: (call) => instances.list(call),
    state: (name, call) => instances.state(name, call),
    info: (name, call) => instances.info(name, call),
    address: (name, call) => instances.address(name, call),

    launch: (request, call) => launches.launch(request, call),
    finishBoot: (name, call) => boots.finish(name, call),
    start: (name, call) => boots.start(name, call),
    async stop(name, call = {}) {
      if (call.force === true && !(await support.forcedStop())) {
        throw new MultipassError("unsupported-feature", "there is no --force before 1.14", { command: "stop" });
      }
      await change(["stop", name, ...(call.force === true ? ["--force"] : [])], name, call);
    },
    delete: (name, call) => unless("unknown-instance", change(["delete", "--purge", name], name, call)),
    recover: (name, call) => change(["recover", name], name, call),

    exec(name, argv, call = {}) {
      if (calls.platform !== "win32") return execs.run(name, argv, call);
      const read = (path: string): Promise<Uint8Array> => transfer([`${name}:${path}`, "-"], name, call);
      return runThroughFiles(calls, execs, read, name, argv, call);
    },
    startExec: (name, argv, call) => execs.start(name, argv, call),
    shellCommand(name) {
      checkName("shell", name);
      return { file: calls.executable, argv: ["shell", name] };
    },
    async writeFile(name, path, data, call = {}) {
      await transfer(["-", `${name}:${path}`], name, call, data);
    },
    readFile: (name, path, call = {}) => transfer([`${name}:${path}`, "-"], name, call),

    async snapshot(name, snapshot, call = {}) {
      checkName("snapshot", snapshot);
      const comment = call.comment === undefined ? [] : [`--comment=${call.comment}`];
      await change(["snapshot", `--name=${snapshot}`, ...comment, name], name, call);
    },
    async restore(name, snapshot, call) {
      checkName("restore", snapshot);
      await change(["restore", "--destructive", `${name}.${snapshot}`], name, call);
    },
    async snapshots(name, call) {
      checkName("list", name);
      return parseSnapshots(await ask(["list", "--snapshots", "--format", "json"], call), name);
    },
    async deleteSnapshot(name, snapshot, call) {
      checkName("delete", snapshot);
      return unless("unknown-snapshot", change(["delete", "--purge", `${name}.${snapshot}`], name, call));
    },

    async find(call = {}) {
      const argv = ["find", "--format", "json"];
      if (call.unsupported === true) argv.push("--show-unsupported");
      if (call.update === true) argv.push("--force-update");
      if (call.search !== undefined) argv.push("--", call.search);
      return parseImages(await ask(argv, call));
    },
    async networks(call) {
      return parseNetworks(await ask(["networks", "--format", "json"], call));
    },
    async zones(call) {
      await support.check();
      return (await support.hasCommand("zones")) ? parseZones(await ask(["zones", "--format", "json"], call)) : [];
    },
    async get(key, call) {
      // `--raw` prints an empty value as it is.
      return (await ask(["get", "--raw", "--", key], call)).replace(/\r?\n$/, "") || undefined;
    },
    async set(key, value, call) {
      await ask(["set", "--", `${key}=${value}`], call);
    },
  };
}

/** True when it was done, false when there was nothing to do it to. */
async function unless(nothing: MultipassErrorCode, done: Promise<void>): Promise<boolean> {
  try {
    await done;
    return true;
  } catch (error) {
    if (error instanceof MultipassError && error.code === nothing) return false;
    throw error;
  }
}
